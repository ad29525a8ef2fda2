/** Starts, kills and stops the management node of killed-manager.ts, and is the ledger that it speaks to. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from 'esbuild';
import { LedgerError } from '../../network/src/ledger/ledger-error.ts';
import type { PreparedTransaction } from '../../network/src/ledger/ledger.ts';
import type { ManagementEvent } from '../../network/src/management/index.ts';
import type { FakeLedger } from '../network/management/support/fake-ledger.ts';
import type { FromManager, LedgerMethod, ManagerOrder, ToManager } from './manager-messages.ts';

type Call = Extract<FromManager, { kind: 'call' }>;

/** Where a call of the ledger stands when it is told of. */
export type Stage = 'asked' | 'done';

/** What the process says besides calls; each may be the moment to kill it. */
export interface ManagerListener {
  event(event: ManagementEvent): void;
  /** Resolves when the call may go on. */
  call(method: LedgerMethod, stage: Stage, args: readonly unknown[]): Promise<void>;
}

/** @returns path of the program, compiled. */
export async function buildManager(): Promise<string> {
  const outfile = join(__dirname, '../../node_modules/.cache/faults/killed-manager.cjs');
  await build({
    entryPoints: [join(__dirname, 'killed-manager.ts')],
    bundle: true,
    format: 'cjs',
    target: 'node20',
    platform: 'node',
    packages: 'external',
    outfile,
  });
  return outfile;
}

/** See the module comment. */
export class ManagerProcess {
  readonly #child: ChildProcess;
  readonly #ledger: FakeLedger;
  readonly #listener: ManagerListener;
  readonly #exited: Promise<unknown[]>;
  readonly #ended = new AbortController();
  #failure = '';
  #heardReady: () => void = () => undefined;
  readonly #ready = new Promise<void>((resolve) => (this.#heardReady = resolve));

  constructor(
    command: readonly [string, ...string[]],
    order: ManagerOrder,
    parts: { readonly ledger: FakeLedger; readonly listener: ManagerListener },
  ) {
    this.#ledger = parts.ledger;
    this.#listener = parts.listener;
    const [executable, ...args] = command;
    this.#child = spawn(executable, args, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#exited = once(this.#child, 'exit');
    this.#child.on('message', (message) => {
      this.#hear(message as FromManager);
    });
    this.#say({ kind: 'start', order });
  }

  /** Code of what kept it from starting; empty when nothing did. */
  get failure(): string {
    return this.#failure;
  }

  /** @returns false when it ended, or took longer than `milliseconds`, before it was ready. */
  isReady(milliseconds: number): Promise<boolean> {
    return Promise.race([
      this.#ready.then(() => true),
      this.#exited.then(() => false),
      delay(milliseconds, false, { ref: false }),
    ]);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
    this.#ended.abort();
  }

  /** Lets it bring its reports to the ledger and close. @returns false when that took longer than `milliseconds` */
  async stop(milliseconds: number): Promise<boolean> {
    this.#say({ kind: 'stop' });
    const stopped = await Promise.race([
      this.#exited.then(() => true),
      delay(milliseconds, false, { ref: false }),
    ]);
    await this.kill();
    return stopped;
  }

  #hear(message: FromManager): void {
    if (message.kind === 'ready') this.#heardReady();
    else if (message.kind === 'failed') this.#failure = message.code;
    else if (message.kind === 'event') this.#listener.event(message.event);
    else if (message.kind === 'listen') void this.#relay(message.startBlock);
    else void this.#serve(message);
  }

  async #relay(startBlock: number | undefined): Promise<void> {
    const { signal } = this.#ended;
    const options = startBlock === undefined ? { signal } : { startBlock, signal };
    for await (const event of this.#ledger.events(options)) {
      this.#say({ kind: 'ledger-event', event });
    }
  }

  /** What has come is done, also when its sender is dead by then, as an orderer would. */
  async #serve({ id, method, args }: Call): Promise<void> {
    await this.#listener.call(method, 'asked', args);
    try {
      const value = await this.#call(method, args);
      await this.#listener.call(method, 'done', args);
      this.#say({ kind: 'answer', id, value });
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      const { code, message, maybeOrdered } = error;
      this.#say({ kind: 'failure', id, code, message, maybeOrdered });
    }
  }

  #call(method: LedgerMethod, args: readonly unknown[]): Promise<unknown> {
    const ledger = this.#ledger;
    if (method === 'chain') return ledger.chain();
    if (method === 'send') return ledger.send(args[0] as PreparedTransaction);
    if (method === 'status') return ledger.status(args[0] as string);
    return ledger[method](args[0] as string, (args[1] ?? []) as readonly string[]);
  }

  /** To a dead process goes nothing. */
  #say(message: ToManager): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }
}

/** Lives that may end with a report on the disk. */
const LAST_LIVES = 4;

/**
 * Lets the last node bring its reports to the ledger. A round may come to its verdict between the last report and the close: that
 * one waits on the disk, as it should, and a next life brings it.
 *
 * @param begin starts the next life
 * @param waiting how many reports are on the disk
 * @returns false when a node did not start or end in time, or a report is there after all these lives
 */
export async function bringHome(
  running: ManagerProcess,
  begin: () => ManagerProcess,
  waiting: () => Promise<number>,
  milliseconds: number,
): Promise<boolean> {
  for (let life = 1; ; life += 1) {
    const isGood = (await running.isReady(milliseconds)) && (await running.stop(milliseconds));
    if (!isGood) return false;
    if ((await waiting()) === 0) return true;
    if (life === LAST_LIVES) return false;
    running = begin();
  }
}
