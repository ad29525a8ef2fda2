/** The command line: `lamplighter <command>`. It parses, runs one command and turns errors into a line and an exit code. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { LamplighterError } from '../errors.ts';
import type { ProvisionFlags } from './commands/provision.ts';
import type { StartFlags } from './commands/start.ts';

/** Exit codes: 0 good, 1 the command failed and said why, 2 it was called wrongly. */
const FAILED = 1;

export function main(argv: readonly string[]): void {
  void program()
    .parseAsync([...argv])
    .catch(fail);
}

function program(): Command {
  const root = new Command('lamplighter')
    .description(
      "Firmware monitoring and update for a smart city's devices, on a ledger that rival vendors run",
    )
    .version('0.1.0')
    .showHelpAfterError()
    .exitOverride((error) => {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      throw error;
    });
  root
    .command('start')
    .description(
      'start a whole city on this machine: network, contracts, vendor nodes, gateways and devices',
    )
    .option(
      '--once',
      'prove the main job end to end, then stop: exit code 0 only when all of it happened',
      false,
    )
    .option(
      '--json',
      'print one JSON document on standard output (lines go to standard error)',
      false,
    )
    .option('--devices <n>', 'how many devices', wholeNumber, 24)
    .addOption(directoryOption())
    .option('--fresh', 'wipe the directory first', false)
    .action(async (options: StartFlags) => {
      const { start } = await import('./commands/start.ts');
      process.exitCode = await start(options);
    });
  const device = root.command('device').description('devices of a running city');
  device
    .command('provision')
    .description('register a device, assign it to a gateway and write what it needs to join')
    .addOption(directoryOption().makeOptionMandatory())
    .requiredOption('--model <model>', 'a model on the ledger, such as prime-hub')
    .addOption(
      new Option('--kind <kind>', 'class of the device')
        .choices(['end', 'lightweight'])
        .makeOptionMandatory(),
    )
    .requiredOption('--image <file>', 'the firmware the device runs now')
    .requiredOption('--out <file>', 'where to write the provisioning document (mode 0600)')
    .option('--id <id>', 'device id (default: made up)')
    .option('--manager <id>', 'gateway to assign it to (default: the first on the ledger)')
    .option('--seq <n>', 'sequence number of the image (default: 1)', wholeNumber)
    .option('--ver <text>', 'version text of the image (default: "1")')
    .action(async (options: ProvisionFlags) => {
      const { provision } = await import('./commands/provision.ts');
      await provision(options);
    });
  return root;
}

function directoryOption(): Option {
  return new Option('--directory <dir>', 'where the city keeps its state');
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('a whole number is expected');
  }
  return value;
}

function fail(error: unknown): void {
  if (error instanceof Error && error.name === 'CommanderError') return; // commander has printed it
  process.exitCode = FAILED;
  const text =
    error instanceof LamplighterError
      ? `${error.code}: ${error.message}`
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  process.stderr.write(`lamplighter: ${text}\n`);
}
