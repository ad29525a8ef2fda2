/** `lamplighter network down`: ends what runs on a directory, and may delete what it keeps. */
import { processOf, requireRunning } from '../network/running-file.ts';
import { stopRunning } from '../network/stop.ts';
import { StateDirectory, stateDirectoryPath } from '../state-directory.ts';

export interface DownFlags {
  readonly directory?: string;
  readonly wipe: boolean;
}

/** Ends what runs on the directory, and with `wipe` deletes its state. */
export async function down(flags: DownFlags): Promise<void> {
  const directory = stateDirectoryPath(flags.directory);
  const holder = processOf(directory);
  if (holder !== undefined) {
    const running = requireRunning(directory);
    await stopRunning(directory, running);
    process.stdout.write(`ended the ${running.kind} of process ${running.processId}\n`);
  } else if (!flags.wipe) {
    requireRunning(directory);
  }
  if (flags.wipe) wipe(directory);
}

function wipe(directory: string): void {
  StateDirectory.delete(directory);
  process.stdout.write(`wiped ${directory}\n`);
}
