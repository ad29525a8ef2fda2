/**
 * The blocks of one peer as they come, with the validation code of every transaction. Full blocks: real peers end a stream of
 * filtered ones at a transaction that they cannot read.
 */
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { common, peer } from '@hyperledger/fabric-protos';

import type { Signer } from '../../../network/src/membership/signer.ts';
import { newSeek } from '../../network/embedded/raw-client.ts';

export const DELIVER = '/protos.Deliver/Deliver';
const FOREVER = 2 ** 53 - 1;
const TIMEOUT_MS = 20_000;

export interface Verdict {
  readonly code: number;
  readonly blockNumber: number;
  readonly index: number;
}

/** @returns the id that an envelope claims, '' when it cannot be read. */
export function transactionIdIn(envelope: Uint8Array): string {
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(envelope).getPayload_asU8(),
  );
  const header = payload.getHeader()!.getChannelHeader_asU8();
  return common.ChannelHeader.deserializeBinary(header).getTxId();
}

/** The codes of a block as its peer wrote them. */
export function codesOf(block: common.Block): readonly number[] {
  const flags = block.getMetadata()!.getMetadataList_asU8()[
    common.BlockMetadataIndex.TRANSACTIONS_FILTER
  ];
  return [...flags!];
}

export interface Judged extends Verdict {
  readonly transactionId: string;
}

export class BlockFollower {
  /** Told of every transaction, in order. */
  onTransaction: (judged: Judged) => void = () => undefined;
  readonly #stream: ClientDuplexStream<Uint8Array, Uint8Array>;
  readonly #verdicts = new Map<string, Verdict>();
  readonly #waiting = new Map<string, (verdict: Verdict) => void>();
  readonly #failed: Promise<never>;
  #fail: (error: Error) => void = () => undefined;

  constructor(stream: ClientDuplexStream<Uint8Array, Uint8Array>) {
    this.#stream = stream;
    this.#failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Told to whoever waits, if anybody does.
    this.#failed.catch(() => undefined);
  }

  /** Resolves with the newest block. */
  start(signer: Signer, channel: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.on('error', (error) => {
        this.#fail(error);
        reject(error);
      });
      this.#stream.on('end', () => {
        this.#fail(new Error('the peer ended the stream of its blocks'));
      });
      this.#stream.on('data', (bytes: Uint8Array) => {
        const block = peer.DeliverResponse.deserializeBinary(bytes).getBlock();
        if (block) {
          this.#take(block);
          resolve();
        }
      });
      this.#stream.write(newSeek(signer, { channel, start: 'newest', stop: FOREVER, wait: true }));
    });
  }

  /** @returns the last verdict on a transaction. @throws Error when it does not come, or the stream ends. */
  async verdict(transactionId: string): Promise<Verdict> {
    const known = this.#verdicts.get(transactionId);
    if (known) {
      return known;
    }
    let timer: NodeJS.Timeout | undefined;
    const heard = new Promise<Verdict>((resolve, reject) => {
      this.#waiting.set(transactionId, resolve);
      timer = setTimeout(() => {
        reject(new Error(`transaction ${transactionId} was not committed in ${TIMEOUT_MS} ms`));
      }, TIMEOUT_MS);
    });
    try {
      return await Promise.race([heard, this.#failed]);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(transactionId);
    }
  }

  /** Forgets what is known, to wait for the same id again. */
  forget(transactionId: string): void {
    this.#verdicts.delete(transactionId);
  }

  close(): void {
    this.#stream.cancel();
  }

  #take(block: common.Block): void {
    const codes = codesOf(block);
    const blockNumber = block.getHeader()!.getNumber();
    for (const [index, envelope] of block.getData()!.getDataList_asU8().entries()) {
      const transactionId = transactionIdIn(envelope);
      const verdict = { code: codes[index]!, blockNumber, index };
      this.#verdicts.set(transactionId, verdict);
      this.#waiting.get(transactionId)?.(verdict);
      this.onTransaction({ ...verdict, transactionId });
    }
  }
}
