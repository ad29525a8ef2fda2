/**
 * The orderers of the channel. An envelope goes to each of them at once: BFT orderers forward slowly, and one that lies may say that
 * it took what it threw away. Each has its own deadline, and nobody waits for the slowest.
 */
import { BroadcastStream } from './broadcast-stream.ts';
import { broadcastFailure, isTaken, type BroadcastOutcome } from './failures.ts';
import type { LedgerError } from './ledger-error.ts';
import type { PreparedTransaction } from './ledger.ts';
import type { NodeClient } from './node-client.ts';

/** Where a broadcast stands as soon as something can be said of it. */
export type Broadcast =
  /** An orderer says that it took the envelope: the commit will tell whether that is so. */
  | { readonly kind: 'taken' }
  /** An orderer had it before: it may have been committed long ago. */
  | { readonly kind: 'known' }
  | { readonly kind: 'failed'; readonly error: LedgerError };

export class Orderers {
  readonly #streams: readonly BroadcastStream[];

  constructor(nodes: readonly NodeClient[]) {
    this.#streams = nodes.map((node) => new BroadcastStream(node));
  }

  /**
   * @param timeoutMs for one orderer to answer
   * @param over aborted when it is known what became of the transaction
   * @returns when the first one has taken the envelope, or all have answered otherwise or not at all
   */
  broadcast(
    { transactionId, envelope }: PreparedTransaction,
    timeoutMs: number,
    over?: AbortSignal,
  ): Promise<Broadcast> {
    const outcomes: BroadcastOutcome[] = [];
    return new Promise((resolve) => {
      const settle = (outcome: BroadcastOutcome): void => {
        outcomes.push(outcome);
        const isLast = outcomes.length === this.#streams.length;
        if (isTaken(outcome)) resolve({ kind: 'taken' });
        else if (isLast) resolve(allOf(outcomes, transactionId));
      };
      if (this.#streams.length === 0) resolve(allOf([], transactionId));
      for (const stream of this.#streams) void stream.send(envelope, timeoutMs, over).then(settle);
    });
  }

  close(): void {
    for (const stream of this.#streams) stream.close();
  }
}

function allOf(outcomes: readonly BroadcastOutcome[], transactionId: string): Broadcast {
  const error = broadcastFailure(outcomes, transactionId);
  return error === undefined ? { kind: 'known' } : { kind: 'failed', error };
}
