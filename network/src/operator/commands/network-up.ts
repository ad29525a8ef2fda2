/** `lamplighter network up`: the ledger alone, in this process or in one of its own. */
import type { Engine } from '../city/engine.ts';
import { chooseEngine, type EngineFlags } from '../engine-option.ts';
import { OperatorError } from '../errors.ts';
import { networkFolder } from '../network/running-file.ts';
import { stateDirectoryPath } from '../state-directory.ts';

export interface UpFlags extends EngineFlags {
  readonly directory?: string;
  readonly detach: boolean;
  /** File. */
  readonly inventory?: string;
}

/** @returns the exit code */
export async function up(flags: UpFlags): Promise<number> {
  const directory = stateDirectoryPath(flags.directory);
  if (flags.inventory !== undefined) return writeHostsOf(flags.inventory, directory, flags);
  const engine = await chooseEngine(flags);
  if (flags.detach) return upDetached(directory, engine);
  const { runInForeground } = await import('../network/foreground.ts');
  return runInForeground(directory, engine);
}

async function writeHostsOf(
  inventory: string,
  directory: string,
  { fabric }: UpFlags,
): Promise<number> {
  if (!fabric) throw new OperatorError('OPTION_INVALID', '--inventory goes with --fabric');
  const { writeHosts } = await import('../network/host-folders.ts');
  const lines = await writeHosts(inventory, directory);
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

async function upDetached(directory: string, engine: Engine): Promise<number> {
  const { startDetached } = await import('../network/detached.ts');
  const { isHostFolder } = await import('../network/host-folders.ts');
  const { showReady } = await import('../network/ready.ts');
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  await startDetached(directory, engine);
  // On one host of several the inventory has chosen.
  if (!isHostFolder(networkFolder(directory))) engine.lines.forEach(print);
  await showReady(directory, print);
  return 0;
}
