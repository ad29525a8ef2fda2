/** `lamplighter network up`: the ledger alone, in this process or in one of its own. */
import type { Engine } from '../city/engine.ts';
import { chooseEngine, type EngineFlags } from '../engine-option.ts';
import { stateDirectoryPath } from '../state-directory.ts';

export interface UpFlags extends EngineFlags {
  readonly directory?: string;
  readonly detach: boolean;
}

/** @returns the exit code */
export async function up(flags: UpFlags): Promise<number> {
  const directory = stateDirectoryPath(flags.directory);
  const engine = await chooseEngine(flags);
  if (flags.detach) return upDetached(directory, engine);
  const { runInForeground } = await import('../network/foreground.ts');
  return runInForeground(directory, engine);
}

async function upDetached(directory: string, engine: Engine): Promise<number> {
  const { startDetached } = await import('../network/detached.ts');
  const { showReady } = await import('../network/ready.ts');
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  await startDetached(directory, engine);
  engine.lines.forEach(print);
  await showReady(directory, print);
  return 0;
}
