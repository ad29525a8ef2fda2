/**
 * One run of a node's program. It does not outlive this process, however that ends: a small shell beside it holds the reading end
 * of a pipe whose writing end is only here, and ends the node when the pipe breaks. The node has a session of its own, so that
 * Ctrl-C at the terminal reaches this process alone, which then ends its nodes in order.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { withLog } from './log-file.ts';

/** A node writes what it has and closes its files within. */
const END_WITHIN_MS = 15_000;

/**
 * Becomes the node itself (so it has the process id that is known here), having left a watcher behind. What the watcher reads
 * is either the word that the node has ended, or the end of the pipe: then it is the watcher that ends the node.
 */
const FOLLOW = `
node=$$
(
  if ! read -r word <&3; then
    kill -TERM "$node" 2>/dev/null
    for second in 1 2 3 4 5 6 7 8 9 10; do
      sleep 1
      kill -0 "$node" 2>/dev/null || exit 0
    done
    kill -KILL "$node" 2>/dev/null
  fi
) >/dev/null 2>&1 &
exec 3<&-
exec "$@"
`;

/** What starts a node. */
export interface NodeCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** All that it gets: nothing of this process's environment that could configure it by accident. */
  readonly environment: Readonly<Record<string, string>>;
  /** Working directory. */
  readonly folder: string;
  /** Both outputs are appended. */
  readonly logFile: string;
  /** Milliseconds from the request to end until it is killed. @default 15_000 */
  readonly endWithinMs?: number;
}

export class NodeProcess {
  readonly #child: ChildProcess;
  /** Resolves when it has ended, for whatever reason, with how in a few words. */
  readonly ended: Promise<string>;
  readonly #endWithinMs: number;
  #how: string | undefined;

  constructor({ program, args, environment, folder, logFile, endWithinMs }: NodeCommand) {
    this.#endWithinMs = endWithinMs ?? END_WITHIN_MS;
    this.#child = withLog(logFile, (log) =>
      spawn('/bin/sh', ['-c', FOLLOW, 'follow', program, ...args], {
        cwd: folder,
        env: environment,
        detached: true,
        stdio: ['ignore', log, log, 'pipe'],
      }),
    );
    this.ended = this.#end();
  }

  get processId(): number | undefined {
    return this.#child.pid;
  }

  isRunning(): boolean {
    return this.#how === undefined;
  }

  /** Asks it to end, and kills it after a deadline. */
  async close(): Promise<void> {
    if (!this.isRunning()) return;
    this.#child.kill('SIGTERM');
    const deadline = new AbortController();
    const late = delay(this.#endWithinMs, undefined, { signal: deadline.signal }).then(
      () => this.#child.kill('SIGKILL'),
      () => false, // it ended in time
    );
    await this.ended;
    deadline.abort();
    await late;
  }

  async #end(): Promise<string> {
    const pipe = this.#child.stdio[3] as Writable;
    pipe.on('error', () => undefined); // the watcher is gone
    let how: string;
    try {
      const [code, signal] = (await once(this.#child, 'exit')) as [number | null, string | null];
      how = signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`;
    } catch (error) {
      how = String(error); // it could not be started
    }
    this.#how = how;
    pipe.end('ended\n');
    return how;
  }
}
