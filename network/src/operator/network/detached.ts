/** Starts `network up` in a process of its own that outlives this one, and waits until it is ready. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Engine } from '../city/engine.ts';
import { OperatorError } from '../errors.ts';

/** What the process says to the one that started it. */
export type StartNews =
  { readonly type: 'ready' } | { readonly type: 'failed'; readonly reason: string };

/** @throws {OperatorError} PROCESS_ENDED with what kept it from starting */
export async function startDetached(directory: string, engine: Engine): Promise<void> {
  const [, program = ''] = process.argv;
  const args = [program, 'network', 'up', '--directory', directory, ...engine.flags];
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  // Who gives up waiting wants no network.
  const giveUp = (): void => {
    child.kill('SIGTERM');
  };
  process.once('SIGINT', giveUp).once('SIGTERM', giveUp);
  try {
    await newsOf(child);
  } finally {
    process.off('SIGINT', giveUp).off('SIGTERM', giveUp);
    if (child.connected) child.disconnect();
    child.unref();
  }
}

function newsOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      reject(new OperatorError('PROCESS_ENDED', `the network did not start: ${reason}`));
    };
    child
      .once('message', (message) => {
        const news = message as StartNews;
        if (news.type === 'ready') resolve();
        else fail(news.reason);
      })
      .once('error', (error) => {
        fail(error.message);
      })
      .once('exit', (code, signal) => {
        fail(`its process ended (${signal ?? `exit code ${code ?? 'unknown'}`})`);
      });
  });
}

/** Tells the process that waits for this one, if any does, and lets it go. */
export function tellStarter(news: StartNews): void {
  if (!process.connected) return;
  process.send?.(news, () => {
    if (process.connected) process.disconnect();
  });
}
