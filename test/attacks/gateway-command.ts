/** `gateway [--tries N] [--seed N]`: prints what came of each attack, and whether the device withstood all. */
import { HONEST, runGatewayAttacks, type GatewayRow } from './gateway.ts';

const TRIES = 1_000;
const TRIES_MOST = 10_000_000;

export async function gateway(
  args: readonly string[],
  print: (line: string) => void,
): Promise<boolean> {
  const options = optionsFrom(args, TRIES);
  const { tries, seed } = options;
  print(
    `A management node with all its keys stolen, ${String(tries)} tries of each attack, seed ${String(seed)}`,
  );
  print('');
  print(`${'attack'.padEnd(34)}   tries installed believed moved untold  told by the device`);
  const rows = await runGatewayAttacks({
    ...options,
    onRow: (row) => {
      print(lineOf(row));
    },
  });
  const attacks = rows.filter(({ attack }) => attack !== HONEST);
  const bad = attacks.filter(isBad).length;
  const honest = rows.find(({ attack }) => attack === HONEST);
  const installs = attacks.reduce((sum, { installed }) => sum + installed, 0);
  print('');
  print(`bad installs ${String(installs)}, attacks that came to something ${String(bad)}`);
  return bad === 0 && honest !== undefined && honest.installed === honest.tries;
}

function isBad({ installed, fooled, moved, untold }: GatewayRow): boolean {
  return installed + fooled + moved + untold > 0;
}

function lineOf({ attack, tries, installed, fooled, moved, untold, told }: GatewayRow): string {
  const codes = Object.entries(told)
    .sort(([, a], [, b]) => b - a)
    .map(([code, count]) => `${code} ×${String(count)}`);
  const counts = [tries, installed, fooled, moved, untold];
  const widths = [7, 9, 8, 5, 6];
  const columns = counts.map((count, at) => String(count).padStart(widths[at] ?? 0));
  return `${attack.padEnd(34)} ${columns.join(' ')}  ${codes.join(', ')}`;
}

/** @throws RangeError for what is no option, or no number from 1 on. */
export function optionsFrom(
  args: readonly string[],
  usual: number,
): { tries: number; seed: number } {
  const options = { tries: usual, seed: Date.now() % 2 ** 31 };
  for (let at = 0; at < args.length; at += 2) {
    const name = args[at]?.replace(/^--/, '');
    const value = Number(args[at + 1]);
    if (name !== 'tries' && name !== 'seed') {
      throw new RangeError(`expected --tries or --seed, got ${String(args[at])}`);
    }
    const most = name === 'tries' ? TRIES_MOST : 2 ** 32 - 1;
    if (!Number.isInteger(value) || value < 1 || value > most) {
      throw new RangeError(
        `expected --${name} from 1 to ${String(most)}, got ${String(args[at + 1])}`,
      );
    }
    options[name] = value;
  }
  return options;
}
