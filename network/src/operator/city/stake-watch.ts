/** Follows the contract Stake by its events: what happened, and how stake stands now. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  readStakeStatus,
  type Contracts,
  type LedgerEvent,
  type StakeStatus,
} from '../../ledger/index.ts';
import { sharesLine, stakeEventLine } from '../view/stake-lines.ts';
import { nameOf } from './plan.ts';

export interface StakeWatchOptions {
  readonly contracts: Contracts;
  /** First block to hear of. */
  readonly startBlock: number;
  /** Lines worth reading. */
  readonly print: (line: string) => void;
  /**
   * Is told after voices have changed hands, and in which block; what it says is printed.
   *
   * @default nobody is told
   */
  readonly onShares?: (block: number) => Promise<readonly string[]>;
  /** Milliseconds until events are asked for again after a failure. @default 1_000 */
  readonly retryMs?: number;
}

const RETRY_MS = 1_000;
/** More than a block has. */
const MOST_TOLD = 1_000;
/** Elections are routine: they change no shares. */
const ROUTINE: ReadonlySet<string> = new Set(['ValidatorElected', 'SharesOffered']);

export class StakeWatch implements AsyncDisposable {
  readonly #options: StakeWatchOptions;
  readonly #closing = new AbortController();
  readonly #following: Promise<void>;
  #status: StakeStatus | undefined;
  #elections = 0;
  #sales = 0;
  /** Block of the newest event. */
  #block: number;
  /** Transactions that were told of lately: events come again after they broke off. */
  readonly #told = new Set<string>();

  private constructor(options: StakeWatchOptions) {
    this.#options = options;
    this.#block = options.startBlock;
    this.#following = this.#follow();
  }

  /** @throws LedgerError when stake can not be read */
  static async start(options: StakeWatchOptions): Promise<StakeWatch> {
    const watch = new StakeWatch(options);
    try {
      await watch.#refresh();
    } catch (error) {
      await watch.close();
      throw error;
    }
    return watch;
  }

  /** As of the newest event. */
  get status(): StakeStatus {
    if (this.#status === undefined) throw new TypeError('stake was not read yet');
    return this.#status;
  }

  /** Heard of. */
  get elections(): number {
    return this.#elections;
  }

  /** Heard of. */
  get sales(): number {
    return this.#sales;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#following;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #follow(): Promise<void> {
    const { contracts, print, retryMs = RETRY_MS } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        for await (const event of contracts.ledger.events({ startBlock: this.#block, signal })) {
          await this.#hear(event);
        }
      } catch (error) {
        if (!isAborted(signal)) print(`stake can not be followed: ${String(error)}`);
      }
      await sleep(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #hear(event: LedgerEvent): Promise<void> {
    this.#block = event.blockNumber;
    if (this.#told.has(event.transactionId)) return;
    await this.#take(event);
    this.#told.add(event.transactionId);
    for (const oldest of this.#told) {
      if (this.#told.size <= MOST_TOLD) break;
      this.#told.delete(oldest);
    }
  }

  async #take({ name, payload }: LedgerEvent): Promise<void> {
    const { print } = this.#options;
    const event = JSON.parse(Buffer.from(payload).toString('utf8')) as object;
    const line = stakeEventLine(name, event, nameOf);
    if (line === undefined) return;
    await this.#refresh();
    if (name === 'ValidatorElected') this.#elections += 1;
    if (name === 'SharesSold') this.#sales += 1;
    print(`stake: ${line}`);
    if (ROUTINE.has(name)) return;
    print(`stake: ${sharesLine(this.status, nameOf)}`);
    await this.#sharesChanged();
  }

  async #sharesChanged(): Promise<void> {
    const { print, onShares = () => Promise.resolve([]) } = this.#options;
    try {
      for (const line of await onShares(this.#block)) print(`stake: ${line}`);
    } catch (error) {
      // The next change, or the next start, does it.
      print(`stake: what the peers go by is not brought up to date: ${String(error)}`);
    }
  }

  async #refresh(): Promise<void> {
    const { contracts } = this.#options;
    this.#status = await readStakeStatus(contracts.stake, { signal: this.#closing.signal });
  }
}

function isAborted({ aborted }: AbortSignal): boolean {
  return aborted;
}
