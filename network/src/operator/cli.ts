/** The command line: `lamplighter <command>`. It parses, runs one command and turns errors into a line and an exit code. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { LamplighterError } from '../errors.ts';
import type { TakeOverFlags } from './commands/gateway.ts';
import { addNetworkCommands } from './commands/network-options.ts';
import { suiteFacts, SUITES } from '@lamplighter/sdk/wire';
import type { AuditFlags } from './commands/audit.ts';
import type { ProvisionFlags } from './commands/provision.ts';
import { addStakeCommands } from './commands/stake-options.ts';
import type { StartFlags } from './commands/start.ts';
import type { RotateRootsFlags } from './commands/vendor.ts';
import { withEngine } from './engine-option.ts';

/** Exit codes: 0 good, 1 the command failed and said why, 2 it was called wrongly. */
const FAILED = 1;

export function main(argv: readonly string[]): void {
  // Who reads no further, as `head` does, is told no more; the command goes on to its end.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
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
  withEngine(root.command('start'))
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
    .option(
      '--suite <number>',
      "suite it carries, such as 0x0201 (default: its class's)",
      suiteNumber,
    )
    .option('--legacy', 'it can do no better than a weak suite, and takes no firmware', false)
    .option('--chained', 'prove gateways to it by a hash chain: for very small links', false)
    .action(async (options: ProvisionFlags) => {
      const { provision } = await import('./commands/provision.ts');
      await provision(options);
    });
  addNetworkCommands(root.command('network').description('the ledger alone, as a Fabric network'));
  addStakeCommands(
    root.command('stake').description('who decides on the ledger of a running city'),
  );
  addAuditCommands(root.command('audit').description('what a running ledger says of its devices'));
  addDeviceCommands(device);
  addGatewayCommands(root.command('gateway').description('gateways of a running city'));
  addVendorCommands(root.command('vendor').description('vendors of a running city'));
  return root;
}

function addAuditCommands(audit: Command): void {
  audit
    .command('weakest')
    .description('list the weakest devices first: why, and what to do')
    .option('--directory <dir>', 'where the state is (default: .lamplighter)')
    .option('--limit <n>', 'how many devices at most, up to 500', wholeNumber, 50)
    .option('--json', 'print one JSON document', false)
    .action(async (flags: AuditFlags) => {
      const { weakest } = await import('./commands/audit.ts');
      await weakest(flags);
    });
}

function addDeviceCommands(device: Command): void {
  device
    .command('transfer <device>')
    .description('assign a device to another gateway; lifts a suspension')
    .addOption(directoryOption().makeOptionMandatory())
    .requiredOption('--to <gateway>', 'the gateway that shall have it')
    .action(async (id: string, options: { readonly directory: string; readonly to: string }) => {
      const { transfer } = await import('./commands/device.ts');
      await transfer(id, options);
    });
  device
    .command('suspend <device>')
    .description('refuse a device at its gateway until it is transferred')
    .addOption(directoryOption().makeOptionMandatory())
    .requiredOption('--reason <text>', 'why, for the ledger')
    .action(
      async (id: string, options: { readonly directory: string; readonly reason: string }) => {
        const { suspend } = await import('./commands/device.ts');
        await suspend(id, options);
      },
    );
  device
    .command('retire <device>')
    .description('end a device for good')
    .addOption(directoryOption().makeOptionMandatory())
    .action(async (id: string, options: { readonly directory: string }) => {
      const { retire } = await import('./commands/device.ts');
      await retire(id, options);
    });
}

function addGatewayCommands(gateway: Command): void {
  gateway
    .command('take-over <gateway>')
    .description('give all devices of a gateway that is gone to another one')
    .addOption(directoryOption().makeOptionMandatory())
    .option('--to <gateway>', 'who gets them (default: the gateway that stands by)')
    .option('--force', 'also when its reports are not overdue on the ledger', false)
    .action(async (id: string, options: TakeOverFlags) => {
      const { takeOver } = await import('./commands/gateway.ts');
      await takeOver(id, options);
    });
}

function addVendorCommands(vendor: Command): void {
  vendor
    .command('rotate-roots <vendor>')
    .description('take fresh root keys, signed by the present ones')
    .addOption(directoryOption().makeOptionMandatory())
    .requiredOption('--keys <n>', 'how many keys the next generation has, up to 8', wholeNumber)
    .requiredOption('--threshold <k>', 'how many of them have to sign', wholeNumber)
    .action(async (id: string, options: RotateRootsFlags) => {
      const { rotateRoots } = await import('./commands/vendor.ts');
      await rotateRoots(id, options);
    });
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

/** As §4 of the protocol writes them, or in decimal. */
function suiteNumber(text: string): number {
  const value = Number(text);
  if (!/^(?:0x[0-9a-f]{4}|\d{1,5})$/i.test(text) || suiteFacts(value) === undefined) {
    throw new InvalidArgumentError(`expected one of ${SUITES.map(nameOfSuite).join(', ')}`);
  }
  return value;
}

function nameOfSuite({ id }: { readonly id: number }): string {
  return `0x${id.toString(16).padStart(4, '0')}`;
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
