/**
 * One stream of envelopes to an orderer, kept open: it answers each in order. A refusal ends the stream at the orderer, unread what
 * came behind it; that is sent again on a new one.
 */
import { common, orderer } from '@hyperledger/fabric-protos';

import type { BroadcastOutcome } from './failures.ts';
import type { ByteCall, NodeClient } from './node-client.ts';

const BROADCAST = '/orderer.AtomicBroadcast/Broadcast';
/** Envelopes that wait for their answer. */
const MOST_WAITING = 5_000;
const MOST_BYTES = 64 * 2 ** 20;
const STATUS_NAMES = new Map(
  Object.entries(common.Status).map(([name, number]) => [Number(number), name]),
);

interface Waiting {
  readonly envelope: Uint8Array;
  /** Aborted when nobody needs it any more. */
  readonly over: AbortSignal | undefined;
  readonly settle: (outcome: BroadcastOutcome) => void;
}

export class BroadcastStream {
  readonly #node: NodeClient;
  #stream: ByteCall | undefined;
  #waiting: Waiting[] = [];
  #bytes = 0;

  constructor(node: NodeClient) {
    this.#node = node;
  }

  /** @param over aborted when the envelope needs not be sent a second time, whatever becomes of the stream */
  send(envelope: Uint8Array, timeoutMs: number, over?: AbortSignal): Promise<BroadcastOutcome> {
    if (this.#waiting.length >= MOST_WAITING || this.#bytes + envelope.length > MOST_BYTES) {
      const error = new Error(`${this.#node.name} has too many envelopes to answer`);
      return Promise.resolve({ kind: 'error', error });
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        // An orderer that skips an answer would give the next one in its place.
        this.#fail(new Error(`REQUEST TIMEOUT: ${this.#node.name} did not answer`));
      }, timeoutMs);
      this.#bytes += envelope.length;
      const settle = (outcome: BroadcastOutcome): void => {
        this.#bytes -= envelope.length;
        clearTimeout(timer);
        resolve(outcome);
      };
      this.#write({ envelope, over, settle });
    });
  }

  close(): void {
    this.#fail(new Error('the ledger client was closed'));
  }

  #write(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#stream ??= this.#open();
    this.#stream.write(waiting.envelope);
  }

  #open(): ByteCall {
    const stream = this.#node.stream(BROADCAST);
    stream.on('data', (answer: Uint8Array) => {
      if (stream === this.#stream) this.#take(answer);
    });
    stream.on('error', (error) => {
      if (stream === this.#stream) this.#fail(error);
    });
    stream.on('end', () => {
      if (stream === this.#stream) this.#fail(new Error(`${this.#node.name} ended the stream`));
    });
    return stream;
  }

  #take(bytes: Uint8Array): void {
    const answer = readAnswer(bytes);
    if (answer === undefined) {
      this.#fail(new Error(`${this.#node.name} answered what can not be read`));
      return;
    }
    const number = answer.getStatus();
    const status = STATUS_NAMES.get(number) ?? String(number);
    this.#waiting.shift()?.settle({ kind: 'status', status, info: answer.getInfo() });
    if (status === 'SUCCESS') return;
    for (const waiting of this.#leave()) this.#again(waiting);
  }

  /** An orderer that wakes up late has a long row behind it, and refuses one after the other, since others ordered them. */
  #again(waiting: Waiting): void {
    if (waiting.over?.aborted !== true) this.#write(waiting);
    else waiting.settle({ kind: 'error', error: new Error(`${this.#node.name} was too late`) });
  }

  #fail(error: Error): void {
    for (const { settle } of this.#leave()) settle({ kind: 'error', error });
  }

  /** @returns what has no answer yet */
  #leave(): readonly Waiting[] {
    const [stream, waiting] = [this.#stream, this.#waiting];
    this.#stream = undefined;
    this.#waiting = [];
    stream?.cancel();
    return waiting;
  }
}

function readAnswer(bytes: Uint8Array): orderer.BroadcastResponse | undefined {
  try {
    return orderer.BroadcastResponse.deserializeBinary(bytes);
  } catch {
    return undefined;
  }
}
