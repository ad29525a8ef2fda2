/** Waits for what peers say of one transaction, until enough organisations say the same. */
import { LedgerError } from './ledger-error.ts';
import type { TransactionOutcome } from './ledger.ts';

/** Waits for one transaction; dispose of it in any case. */
export interface StatusListener extends Disposable {
  /** @throws LedgerError TIMEOUT, UNAVAILABLE, with `maybeOrdered`; the reason of the signal */
  committed(timeoutMs: number, signal: AbortSignal | undefined): Promise<TransactionOutcome>;
}

export interface CommitStatusOptions {
  readonly transactionId: string;
  /** Whether a set of organisations is enough to believe. */
  readonly isEnough: (mspIds: ReadonlySet<string>) => boolean;
  readonly forget: (status: CommitStatus) => void;
}

interface Said {
  readonly outcome: TransactionOutcome;
  readonly by: Set<string>;
}

export class CommitStatus implements StatusListener {
  readonly transactionId: string;
  readonly fail: (reason: unknown) => void;
  readonly #options: CommitStatusOptions;
  readonly #resolve: (outcome: TransactionOutcome) => void;
  readonly #outcome: Promise<TransactionOutcome>;
  /** As many as peers disagree; nearly always one. */
  readonly #said: Said[] = [];
  #release: () => void = () => undefined;

  constructor(options: CommitStatusOptions) {
    this.transactionId = options.transactionId;
    this.#options = options;
    let resolve: (outcome: TransactionOutcome) => void = () => undefined;
    let reject: (reason: unknown) => void = () => undefined;
    this.#outcome = new Promise((fulfil, refuse) => {
      resolve = fulfil;
      reject = refuse;
    });
    this.#resolve = resolve;
    this.fail = reject;
    // It may fail before anybody waits for it.
    this.#outcome.catch(() => undefined);
  }

  /** A peer of an organisation says so. */
  hear(mspId: string, outcome: TransactionOutcome): void {
    let said = this.#said.find(
      ({ outcome: { code, blockNumber } }) =>
        code === outcome.code && blockNumber === outcome.blockNumber,
    );
    if (said === undefined) this.#said.push((said = { outcome, by: new Set() }));
    said.by.add(mspId);
    if (this.#options.isEnough(said.by)) this.#resolve(outcome);
  }

  /** There are fewer to hear from than there were. */
  reconsider(): void {
    const enough = this.#said.find(({ by }) => this.#options.isEnough(by));
    if (enough !== undefined) this.#resolve(enough.outcome);
  }

  committed(timeoutMs: number, signal: AbortSignal | undefined): Promise<TransactionOutcome> {
    const timer = setTimeout(() => {
      const heard = this.#said.flatMap(({ by }) => [...by]);
      const by = heard.length === 0 ? '' : `, but for what ${heard.join(', ')} alone say`;
      this.fail(
        this.#error('TIMEOUT', `not committed within ${timeoutMs} ms of being ordered${by}`),
      );
    }, timeoutMs);
    const abort = (): void => {
      this.fail(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    this.#release = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    return this.#outcome;
  }

  lose(cause: unknown): void {
    this.fail(this.#error('UNAVAILABLE', 'no peer tells whether it was committed', cause));
  }

  [Symbol.dispose](): void {
    this.#release();
    this.#options.forget(this);
  }

  #error(code: string, message: string, cause?: unknown): LedgerError {
    const { transactionId } = this;
    return new LedgerError(code, message, { transactionId, maybeOrdered: true, cause });
  }
}
