/**
 * When a stream is over: the client left, the connection broke, or the network closes. A stream must always be ended by a status:
 * one that is merely dropped would hold its place on the connection for ever.
 */
import type { EventEmitter } from 'node:events';

import { status, type ServerDuplexStream } from '@grpc/grpc-js';

import { EmbeddedError } from '../errors.ts';

export type ByteStream = ServerDuplexStream<Uint8Array, Uint8Array>;

/** A call of any kind, as far as its end is concerned. */
type Call = Pick<EventEmitter, 'once' | 'on' | 'emit'>;

export interface CallLife {
  /** Aborted at the call's end. */
  readonly signal: AbortSignal;
  readonly release: () => void;
}

/** @returns a signal for the call's end and a function that lets go of it. */
export function lifeOf(stream: Call, closing: AbortSignal): CallLife {
  const controller = new AbortController();
  const end = (): void => {
    controller.abort(new EmbeddedError('CLOSED', 'the stream has ended'));
  };
  const close = (): void => {
    // The server turns an error into the status that ends the call.
    stream.emit('error', { code: status.UNAVAILABLE, details: 'the network is closing' });
  };
  stream.once('cancelled', end);
  stream.on('error', end);
  closing.addEventListener('abort', close, { once: true });
  return {
    signal: controller.signal,
    release: () => {
      closing.removeEventListener('abort', close);
    },
  };
}

/** The client's messages in order. Leaving the loop does not destroy the stream, which still has to send its status. */
export function messagesOf(stream: ByteStream): AsyncIterable<Uint8Array> {
  return stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
}
