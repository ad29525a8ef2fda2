/** Small programs in a node's place. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { NodeCommand } from '../../../network/src/fabric/node-process.ts';

const PATIENCE_MS = 30_000;

/** Runs lines of shell. */
export function shellCommand(folder: string, lines: string): NodeCommand {
  return {
    program: '/bin/sh',
    args: ['-c', lines],
    environment: { PATH: process.env['PATH'] ?? '' },
    folder,
    logFile: join(folder, 'node.log'),
  };
}

/** Waits for what is to come true. @throws Error when it does not */
export async function until(
  what: () => boolean | Promise<boolean>,
  withinMs = PATIENCE_MS,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await what())) {
    if (Date.now() > deadline) throw new Error(`it did not come true: ${what.toString()}`);
    await delay(20);
  }
}

/** Waits until a file has a text. */
export function untilLogged(file: string, text: string): Promise<void> {
  return until(async () => (await readFile(file, 'utf8').catch(() => '')).includes(text));
}

/** What has ended is not alive, even where nobody asks for how it ended (proc(5): state Z). */
export function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
  } catch {
    return false;
  }
  try {
    return !/\) Z /.test(readFileSync(`/proc/${processId}/stat`, 'utf8'));
  } catch {
    return true; // another platform than Linux
  }
}
