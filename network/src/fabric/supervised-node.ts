/** A node that is started again when it ends by itself, after growing pauses, until it has done so too often. */
import { setTimeout as delay } from 'node:timers/promises';

import type { NetworkLogger } from '../network-logger.ts';
import { FabricError } from './errors.ts';
import { lastWords } from './log-file.ts';
import { NodeProcess, type NodeCommand } from './node-process.ts';

/** Before each further start; after the last it is given up. */
const PAUSES_MS = [100, 500, 1_000, 2_000, 5_000];
/** A node that ran for so long did not fail to start. */
const STABLE_MS = 60_000;

export interface SupervisedNodeOptions {
  readonly name: string;
  readonly command: NodeCommand;
  readonly logger: NetworkLogger;
  /** It ended too often. */
  readonly onGivenUp: (error: FabricError) => void;
  /** Milliseconds. @default [100, 500, 1_000, 2_000, 5_000] */
  readonly pausesMs?: readonly number[];
}

export class SupervisedNode {
  readonly name: string;
  readonly #options: SupervisedNodeOptions;
  readonly #closing = new AbortController();
  #process: NodeProcess;
  #startedAt = Date.now();
  #failures = 0;
  #failure: FabricError | undefined;
  readonly #supervised: Promise<void>;

  /** Starts it; whether it serves is for others to find out. */
  constructor(options: SupervisedNodeOptions) {
    this.name = options.name;
    this.#options = options;
    this.#process = new NodeProcess(options.command);
    this.#supervised = this.#supervise();
  }

  /** Of its present run, or the last one. */
  get processId(): number | undefined {
    return this.#process.processId;
  }

  isRunning(): boolean {
    return this.#process.isRunning();
  }

  /** Why it was given up. */
  get failure(): FabricError | undefined {
    return this.#failure;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#process.close();
    await this.#supervised;
  }

  async #supervise(): Promise<void> {
    while (await this.#pause(await this.#process.ended)) {
      this.#startedAt = Date.now();
      this.#process = new NodeProcess(this.#options.command);
    }
  }

  /** @returns false when it is not to be started again */
  async #pause(how: string): Promise<boolean> {
    if (this.#closing.signal.aborted) return false;
    const { name, command, logger, onGivenUp, pausesMs = PAUSES_MS } = this.#options;
    if (Date.now() - this.#startedAt >= STABLE_MS) this.#failures = 0;
    const pause = pausesMs[this.#failures++];
    if (pause === undefined) {
      this.#failure = new FabricError(
        'NODE_ENDED',
        `${name} ended by itself again and again, at last with ${how}; its log, ${command.logFile}, ends with:\n` +
          (await lastWords(command.logFile)),
      );
      onGivenUp(this.#failure);
      return false;
    }
    logger.error(
      { node: name, how, logFile: command.logFile },
      'a node ended and is started again',
    );
    try {
      await delay(pause, undefined, { signal: this.#closing.signal });
      return true;
    } catch {
      return false; // it is closing
    }
  }
}
