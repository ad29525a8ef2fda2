/** `lamplighter network up`: the ledger alone, in this process or in one of its own. */
import { byzantineLines, byzantinePeers } from '../byzantine-option.ts';
import { stateDirectoryPath } from '../state-directory.ts';

export interface UpFlags {
  readonly directory?: string;
  readonly detach: boolean;
  readonly byzantine: readonly string[];
}

/** @returns the exit code */
export async function up(flags: UpFlags): Promise<number> {
  const directory = stateDirectoryPath(flags.directory);
  const byzantine = byzantinePeers(flags.byzantine);
  if (flags.detach) return upDetached(directory, flags.byzantine);
  const { runInForeground } = await import('../network/foreground.ts');
  return runInForeground(directory, byzantine);
}

async function upDetached(directory: string, byzantine: readonly string[]): Promise<number> {
  const { startDetached } = await import('../network/detached.ts');
  const { showReady } = await import('../network/ready.ts');
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  await startDetached(directory, byzantine);
  byzantineLines(byzantinePeers(byzantine)).forEach(print);
  await showReady(directory, print);
  return 0;
}
