/** When a stream is over: the client left, the connection broke, or the network closes. */
import type { ServerDuplexStream } from '@grpc/grpc-js';

import { EmbeddedError } from '../errors.ts';

export type ByteStream = ServerDuplexStream<Uint8Array, Uint8Array>;

/** @returns a signal for the stream's end and a function that lets go of it. */
export function lifeOf(
  stream: ByteStream,
  closing: AbortSignal,
): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const end = (): void => {
    controller.abort(new EmbeddedError('CLOSED', 'the stream has ended'));
    // Whoever waits for the client's next message waits no more.
    stream.destroy();
  };
  stream.once('cancelled', end);
  stream.on('error', end);
  closing.addEventListener('abort', end, { once: true });
  return {
    signal: controller.signal,
    release: () => {
      closing.removeEventListener('abort', end);
    },
  };
}
