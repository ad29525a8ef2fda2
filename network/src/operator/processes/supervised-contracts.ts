/** The contracts' process, started again when it ends by itself, until it does so too often. */
import { setTimeout as delay } from 'node:timers/promises';
import { OperatorError } from '../errors.ts';
import type { Child } from './child.ts';
import { startContracts, type ContractProcessOptions } from './contract-process.ts';

const PAUSES_MS = [100, 500, 2_000, 5_000];
/** A process that ran for so long was no failed start. */
const STABLE_MS = 60_000;

export interface SupervisedContractsOptions extends Omit<
  ContractProcessOptions,
  'onUnexpectedEnd'
> {
  /** It ended by itself and is started again. */
  readonly onRestart: (error: OperatorError) => void;
  /** It ended too often. */
  readonly onGivenUp: (error: OperatorError) => void;
  /** Milliseconds to wait before each further start; after the last one it is given up. @default [100, 500, 2_000, 5_000] */
  readonly pausesMs?: readonly number[];
  /** Starts the process. @default startContracts */
  readonly startProcess?: typeof startContracts;
}

export class SupervisedContracts implements AsyncDisposable {
  readonly #options: SupervisedContractsOptions;
  readonly #closing = new AbortController();
  #child: Child | undefined;
  #startedAt = 0;
  #failures = 0;
  #restarting: Promise<void> = Promise.resolve();

  private constructor(options: SupervisedContractsOptions) {
    this.#options = options;
  }

  /** Resolves when the server accepts connections. @throws {OperatorError} PROCESS_ENDED */
  static async start(options: SupervisedContractsOptions): Promise<SupervisedContracts> {
    const supervised = new SupervisedContracts(options);
    await supervised.#start();
    return supervised;
  }

  isRunning(): boolean {
    return this.#child?.isRunning() ?? false;
  }

  get processId(): number | undefined {
    return this.#child?.process.pid;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#restarting;
    await this.#child?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(): Promise<void> {
    const { port, packageId, startProcess = startContracts } = this.#options;
    this.#startedAt = Date.now();
    // Before it serves, its end is the failure of the start.
    let serves = false;
    const ended = (error: OperatorError): void => {
      if (serves) this.#restarting = this.#restart(error);
    };
    this.#child = await startProcess({ port, packageId, onUnexpectedEnd: ended });
    serves = true;
  }

  async #restart(error: OperatorError): Promise<void> {
    if (Date.now() - this.#startedAt >= STABLE_MS) this.#failures = 0;
    const { pausesMs = PAUSES_MS } = this.#options;
    const pause = pausesMs[this.#failures++];
    if (pause === undefined) {
      this.#options.onGivenUp(error);
      return;
    }
    this.#options.onRestart(error);
    try {
      await delay(pause, undefined, { signal: this.#closing.signal });
    } catch {
      return; // it is closing
    }
    await this.#startAgain();
  }

  async #startAgain(): Promise<void> {
    try {
      await this.#start();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      await this.#restart(new OperatorError('PROCESS_ENDED', reason, { cause }));
    }
  }
}
