/** Which engine a network runs on, by the command line: the one place that chooses. */
import { type Command, Option } from 'commander';
import { BYZANTINE_FLAG, BYZANTINE_HELP, byzantinePeers, collect } from './byzantine-option.ts';
import type { Engine } from './city/engine.ts';
import { OperatorError } from './errors.ts';

/** As on the command line. */
export interface EngineFlags {
  readonly fabric: boolean;
  /** File. */
  readonly plugin?: string;
  readonly stockPeers: boolean;
  readonly byzantine: readonly string[];
}

export function withEngine(command: Command): Command {
  return command
    .option(
      '--fabric',
      "run the ledger on Hyperledger Fabric's own programs, found on PATH or in FABRIC_BIN",
      false,
    )
    .option('--plugin <file>', "with --fabric: the stake plugin, of the peer's own build")
    .addOption(
      new Option(
        '--stock-peers',
        'with --fabric: no plugin, coalitions that hold enough stake decide',
      )
        .default(false)
        .conflicts('plugin'),
    )
    .option(BYZANTINE_FLAG, BYZANTINE_HELP, collect, []);
}

/** @throws {OperatorError} OPTION_INVALID; what the engine finds missing */
export async function chooseEngine(flags: EngineFlags): Promise<Engine> {
  const byzantine = byzantinePeers(flags.byzantine);
  if (!flags.fabric) {
    if (flags.plugin !== undefined || flags.stockPeers) {
      throw new OperatorError('OPTION_INVALID', '--plugin and --stock-peers go with --fabric');
    }
    const { embeddedEngine } = await import('./city/embedded-engine.ts');
    return embeddedEngine(byzantine);
  }
  if (flags.byzantine.length > 0) {
    throw new OperatorError(
      'OPTION_INVALID',
      '--byzantine is for the embedded network: the peers of --fabric are real and do not lie on request',
    );
  }
  const { fabricEngine } = await import('./city/fabric-engine.ts');
  return fabricEngine(flags);
}
