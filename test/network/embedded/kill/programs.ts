/** Network and client as processes of their own, compiled once for all their lives. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { build } from 'esbuild';

import type { EmbeddedNetworkOptions } from '../../../../network/src/embedded/index.ts';
import type { Journal, LoadMessage } from './journal.ts';
import type { ReadyMessage } from './killed-network.ts';

const ROOT = join(__dirname, '../../../..');
/** Milliseconds for a client to be told of the commits that are waited for. */
const TIMEOUT = 30_000;

export interface Programs {
  /** @param command what to run instead of Node itself, such as what makes another disk visible */
  startNetwork(
    options: EmbeddedNetworkOptions,
    command?: (program: string) => readonly [string, ...string[]],
  ): NetworkProcess;
  startLoad(ready: ReadyMessage, journal: Journal): LoadProcess;
  remove(): Promise<void>;
}

export async function buildPrograms(): Promise<Programs> {
  const directory = await mkdtemp(join(tmpdir(), 'killed-network-'));
  await build({
    entryPoints: ['killed-network.ts', 'killed-load.ts'].map((name) => join(__dirname, name)),
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    outdir: directory,
  });
  const start = (
    [executable, ...args]: readonly [string, ...string[]],
    more: Readonly<Record<string, string>> = {},
  ): ChildProcess =>
    spawn(executable, args, {
      env: { ...process.env, NODE_PATH: join(ROOT, 'node_modules'), ...more },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  const byNode = (program: string): [string, string] => [process.execPath, program];
  return {
    startNetwork: (options, command = byNode) =>
      new NetworkProcess(
        start(command(join(directory, 'killed-network.js')), { NETWORK: JSON.stringify(options) }),
      ),
    startLoad: (ready, journal) =>
      new LoadProcess(start(byNode(join(directory, 'killed-load.js'))), ready, journal),
    remove: () => rm(directory, { recursive: true }),
  };
}

class Killable {
  protected readonly child: ChildProcess;
  protected readonly exited: Promise<unknown[]>;

  constructor(child: ChildProcess) {
    this.child = child;
    this.exited = once(child, 'exit');
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

export class NetworkProcess extends Killable {
  /** @throws when it ends before it is ready. */
  async ready(): Promise<ReadyMessage> {
    const ended = this.exited.then(([code]) => {
      throw new Error(`the network ended with exit code ${String(code)} at its start`);
    });
    const [message] = (await Promise.race([once(this.child, 'message'), ended])) as [ReadyMessage];
    ended.catch(() => undefined);
    return message;
  }

  /** Lets it close by itself. */
  async stop(): Promise<void> {
    this.child.send('close');
    await this.exited;
  }
}

export class LoadProcess extends Killable {
  readonly #journal: Journal;

  constructor(child: ChildProcess, ready: ReadyMessage, journal: Journal) {
    super(child);
    this.#journal = journal;
    child.on('message', (message: LoadMessage) => {
      if (message.kind === 'sent') {
        journal.sent.set(message.prefix, message.transactionId);
      } else {
        journal.acknowledged.add(message.transactionId);
      }
    });
    child.send(ready);
  }

  /** Waits until the client was told of so many commits. @throws an AbortError when it takes too long */
  async reach(commits: number): Promise<void> {
    const { acknowledged } = this.#journal;
    const signal = AbortSignal.timeout(TIMEOUT);
    for (const target = acknowledged.size + commits; acknowledged.size < target;) {
      await delay(5, undefined, { signal });
    }
  }
}
