/** How `lamplighter network …` is written on the command line. */
import { type Command, Option } from 'commander';
import { withEngine } from '../engine-option.ts';
import type { DownFlags } from './network-down.ts';
import type { EnvFlags } from './network-env.ts';
import type { StatusFlags } from './network-status.ts';
import type { UpFlags } from './network-up.ts';

/** Adds the commands below `network`. */
export function addNetworkCommands(network: Command): void {
  withEngine(withDirectory(network.command('up')))
    .description('start the ledger alone: organisations, peers, orderer and contracts')
    .option('--detach', 'return when it is ready, and let it run on', false)
    .addOption(
      new Option(
        '--inventory <file>',
        'with --fabric: write a folder for each host of the file, and start nothing',
      ).conflicts(['detach', 'plugin', 'stockPeers', 'byzantine']),
    )
    .action(async (flags: UpFlags) => {
      const { up } = await import('./network-up.ts');
      process.exitCode = await up(flags);
    });
  withDirectory(network.command('down'))
    .description('end what runs on the directory, the network or the whole city, and wait for it')
    .option('--wipe', 'delete everything the directory keeps, too', false)
    .action(async (flags: DownFlags) => {
      const { down } = await import('./network-down.ts');
      await down(flags);
    });
  withDirectory(network.command('env <organisation>'))
    .description(
      "print what a shell needs for Fabric's peer command as a member of an organisation",
    )
    .option('--user <name>', 'as whom: Admin or User1', 'Admin')
    .option('--json', 'print one JSON object', false)
    .action(async (organisation: string, flags: EnvFlags) => {
      const { env } = await import('./network-env.ts');
      env(organisation, flags);
    });
  withDirectory(network.command('status'))
    .description('tell whether a network runs, where, and how high its peers are')
    .option('--json', 'print one JSON document', false)
    .action(async (flags: StatusFlags) => {
      const { status } = await import('./network-status.ts');
      process.exitCode = await status(flags);
    });
}

function withDirectory(command: Command): Command {
  return command.option('--directory <dir>', 'where the state is (default: .lamplighter)');
}
