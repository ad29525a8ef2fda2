/** `lamplighter network up`: the ledger alone, in this process or in one of its own. */
import { stateDirectoryPath } from '../state-directory.ts';

export interface UpFlags {
  readonly directory?: string;
  readonly detach: boolean;
}

/** @returns the exit code */
export async function up(flags: UpFlags): Promise<number> {
  const directory = stateDirectoryPath(flags.directory);
  if (flags.detach) return upDetached(directory);
  const { runInForeground } = await import('../network/foreground.ts');
  return runInForeground(directory);
}

async function upDetached(directory: string): Promise<number> {
  const { startDetached } = await import('../network/detached.ts');
  const { showReady } = await import('../network/ready.ts');
  await startDetached(directory);
  await showReady(directory, (line) => process.stdout.write(`${line}\n`));
  return 0;
}
