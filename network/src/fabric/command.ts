/** Runs one of Fabric's commands to its end. */
import { execFile } from 'node:child_process';

import { FabricError } from './errors.ts';

/** Each takes a fraction of a second, and waits for commits at most so long. */
const WITHIN_MS = 120_000;
const MOST_OUTPUT = 16 * 2 ** 20;
/** What is shown of a failed command's output. */
const MOST_WORDS = 2_000;

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** What every program of Fabric gets: nothing of this process's environment that could configure it by accident. */
export function cleanEnvironment(
  own: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const passed = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(passed), ...own };
}

/**
 * @returns standard output
 * @throws {@link FabricError} COMMAND_FAILED with the command's own words; CLOSED when the signal ended it
 */
export function run({ program, args, environment, signal }: Command): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: environment, timeout: WITHIN_MS, maxBuffer: MOST_OUTPUT, signal };
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
        return;
      }
      if (signal?.aborted === true) {
        reject(new FabricError('CLOSED', 'the network is closing', { cause: error }));
        return;
      }
      const words = `${stdout}${stderr}`.trim().slice(-MOST_WORDS) || error.message;
      const name = [program.split('/').at(-1), ...args.slice(0, 3)].join(' ');
      reject(new FabricError('COMMAND_FAILED', `${name} failed: ${words}`, { cause: error }));
    });
  });
}
