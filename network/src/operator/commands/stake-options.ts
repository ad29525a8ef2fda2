/** How `lamplighter stake …` is written on the command line. */
import { type Command, Option } from 'commander';
import type { ActFlags, OfferFlags, SkipFlags, StakeFlags } from './stake.ts';
import type { ApplyFlags } from './stake-apply.ts';

/** Adds the commands below `stake`. */
export function addStakeCommands(stake: Command): void {
  inCity(stake.command('status'))
    .description('show the validator, shares, coin ages, open offers and cases')
    .action(async (flags: StakeFlags) => {
      const { status } = await import('./stake.ts');
      await status(flags);
    });
  inCity(stake.command('cases'))
    .description('list who was convicted of what')
    .action(async (flags: StakeFlags) => {
      const { cases } = await import('./stake.ts');
      await cases(flags);
    });
  asVendor(stake.command('offer <shares>'))
    .description("offer a vendor's shares; payment is off the ledger")
    .option('--to <vendor>', 'who may buy them (default: anybody)')
    .option('--price <text>', 'the price, in words')
    .option('--id <id>', 'name of the offer (default: made up)')
    .action(async (shares: string, flags: OfferFlags) => {
      const { offer } = await import('./stake.ts');
      await offer(shares, flags);
    });
  asVendor(stake.command('accept <offer>'))
    .description('buy what is offered')
    .action(async (id: string, flags: ActFlags) => {
      const { accept } = await import('./stake.ts');
      await accept(id, flags);
    });
  asVendor(stake.command('withdraw <offer>'))
    .description('take back an offer')
    .action(async (id: string, flags: ActFlags) => {
      const { withdraw } = await import('./stake.ts');
      await withdraw(id, flags);
    });
  asVendor(stake.command('skip'))
    .description('vote to pass over the validator; a majority of stake carries it')
    .requiredOption('--reason <text>', 'why, for the ledger')
    .action(async (flags: SkipFlags) => {
      const { skip } = await import('./stake.ts');
      await skip(flags);
    });
  asVendor(stake.command('return'))
    .description('let a vendor that was skipped take turns again')
    .action(async (flags: ActFlags) => {
      const { comeBack } = await import('./stake.ts');
      await comeBack(flags);
    });
  asVendor(stake.command('burn <case>'))
    .description('vote to burn the shares of who diverged; a majority of stake carries it')
    .action(async (id: string, flags: ActFlags) => {
      const { burn } = await import('./stake.ts');
      await burn(id, flags);
    });
  asVendor(stake.command('lift <case>'))
    .description('vote to give a convicted vendor its voice back; a majority of stake carries it')
    .action(async (id: string, flags: ActFlags) => {
      const { lift } = await import('./stake.ts');
      await lift(id, flags);
    });
  inCity(stake.command('apply'))
    .description('bring what a network of --fabric has committed to its stake table')
    .option(
      '--plan <file>',
      "change nothing; write the channel's configuration update, for administrators to sign",
    )
    .action(async (flags: ApplyFlags) => {
      const { apply } = await import('./stake-apply.ts');
      await apply(flags);
    });
}

function asVendor(command: Command): Command {
  return inCity(command).requiredOption('--as <vendor>', 'the vendor that does it');
}

function inCity(command: Command): Command {
  return command
    .addOption(
      new Option('--directory <dir>', 'where the city keeps its state').makeOptionMandatory(),
    )
    .option('--json', 'print one JSON document', false);
}
