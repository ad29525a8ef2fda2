/** Every attack of a stolen management node, many times, each try drawn from a seed. */
import { randomOf } from '../random.ts';
import { GatewayCity, chanceOf } from './gateway-city.ts';
import { gatewayAttacks } from './gateway-kinds.ts';

export interface GatewayOptions {
  /** Tries of each attack. */
  readonly tries: number;
  readonly seed: number;
  /** Hears of each attack when it is over. */
  readonly onRow?: (row: GatewayRow) => void;
}

export interface GatewayRow {
  readonly attack: string;
  readonly tries: number;
  /** Tries after which something was installed, that should not have been. */
  readonly installed: number;
  /** Tries after which the device believed that it is current. */
  readonly fooled: number;
  /** Tries after which its validators or roots were others. */
  readonly moved: number;
  /** Tries of which the device told nothing. */
  readonly untold: number;
  /** Codes that it told, and in how many tries. */
  readonly told: Readonly<Record<string, number>>;
}

/** The row that shows that a right answer would have been taken. */
export const HONEST = 'an honest node';

/** See the module comment. The last row is {@link HONEST}. */
export async function runGatewayAttacks(options: GatewayOptions): Promise<GatewayRow[]> {
  const rows: GatewayRow[] = [];
  const take = (row: GatewayRow): void => {
    rows.push(row);
    options.onRow?.(row);
  };
  for (const attack of Object.keys(gatewayAttacks)) take(await attackOften(attack, options));
  take(await answerHonestly(Math.min(options.tries, 20), options.seed));
  return rows;
}

/** Devices are made anew now and then: what one try leaves behind must not hide the next. */
const TRIES_A_DEVICE = 40;

async function attackOften(attack: string, { tries, seed }: GatewayOptions): Promise<GatewayRow> {
  const chance = chanceOf(randomOf(seed));
  const row = { installed: 0, fooled: 0, moved: 0, untold: 0 };
  const told: Record<string, number> = {};
  for (let left = tries; left > 0;) {
    const city = new GatewayCity(chance);
    await city.start();
    for (let at = 0; at < TRIES_A_DEVICE && left > 0; at += 1, left -= 1) {
      const outcome = await city.attempt((challenge) => gatewayAttacks[attack]!(city, challenge));
      for (const code of outcome.told) told[code] = (told[code] ?? 0) + 1;
      row.installed += Number(outcome.installed);
      row.fooled += Number(outcome.fooled);
      row.moved += Number(outcome.moved);
      row.untold += Number(outcome.told.length === 0);
      // A device that was moved, or has installed, is lost: the next try is on a new one.
      if (outcome.installed || outcome.moved) at = TRIES_A_DEVICE;
    }
    await city.close();
  }
  return { attack, tries, ...row, told };
}

async function answerHonestly(tries: number, seed: number): Promise<GatewayRow> {
  const chance = chanceOf(randomOf(seed));
  let installed = 0;
  for (let at = 0; at < tries; at += 1) {
    const city = new GatewayCity(chance);
    await city.start();
    const outcome = await city.attempt((challenge) =>
      city.fixture.offerOf(city.right, city.ledger.proof(challenge)),
    );
    installed += Number(outcome.installed);
    await city.close();
  }
  return { attack: HONEST, tries, installed, fooled: 0, moved: 0, untold: 0, told: {} };
}
