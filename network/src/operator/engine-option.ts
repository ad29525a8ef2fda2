/** Which engine a network runs on, by the command line: the one place that chooses. */
import type { Command } from 'commander';
import { BYZANTINE_FLAG, BYZANTINE_HELP, byzantinePeers, collect } from './byzantine-option.ts';
import type { Engine } from './city/engine.ts';

/** As on the command line. */
export interface EngineFlags {
  readonly byzantine: readonly string[];
}

export function withEngine(command: Command): Command {
  return command.option(BYZANTINE_FLAG, BYZANTINE_HELP, collect, []);
}

/** @throws {OperatorError} OPTION_INVALID */
export async function chooseEngine(flags: EngineFlags): Promise<Engine> {
  const byzantine = byzantinePeers(flags.byzantine);
  const { embeddedEngine } = await import('./city/embedded-engine.ts');
  return embeddedEngine(byzantine);
}
