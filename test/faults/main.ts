/** `npm run faults`: kills ledger, manager and devices again and again, and prints what was lost, doubled or unbootable. */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { faults, type Component, COMPONENTS } from './faults.ts';
import { SmallDisk } from './small-disk.ts';
import { isClean, tableOf } from './table.ts';

const TRIES = 50;
const MOST_TRIES = 10_000;
const USAGE = `usage: npm run faults [-- --seed N --tries N --only ${COMPONENTS.join('|')} | --fabric]

  --seed   decides the moments; printed, to be given again. What the system's scheduler adds is not repeated.
  --tries  how often ledger and manager are killed each (default ${TRIES}); devices lose their power at every write. A tenth
           as often the disk of ledger and manager is full: for root, or whoever may have namespaces.
  --only   one component.
  --fabric in their place a network of Fabric's own programs, from FABRIC_BIN or PATH: its orderers, peers and chaincode processes are
           killed under the load of an outbox, and the longest time between two commits is told.

lost        acknowledged, stored or under way, and gone or half there
doubled     there twice; a number, counter or chain index that was used again
unbootable  did not start or did not come back to its work; peers whose states differ

With the default it takes less than 10 minutes on two cores. The exit code is 1 unless all counts are 0.
`;

interface Order {
  readonly seed: number;
  readonly tries: number;
  readonly components: readonly Component[];
}

function numberFrom(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`expected --${name} from ${least} to ${most}, got ${text}`);
}

function orderFrom(args: readonly string[]): Order | null {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: text,
      tries: text,
      only: text,
      fabric: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return null;
  const { seed = String(randomBytes(4).readUInt32BE()), tries = String(TRIES), only } = values;
  const components: readonly Component[] =
    values.fabric === true
      ? ['fabric']
      : COMPONENTS.filter((name) => only === undefined || name === only);
  if (components.length === 0) throw new RangeError(`expected a component, got ${String(only)}`);
  return {
    seed: numberFrom('seed', seed, 0, 2 ** 32 - 1),
    tries: numberFrom('tries', tries, 1, MOST_TRIES),
    components,
  };
}

async function main(args: readonly string[]): Promise<void> {
  const order = orderFrom(args);
  if (order === null) {
    process.stdout.write(USAGE);
    return;
  }
  process.stdout.write(`seed ${order.seed}\n`);
  if (!SmallDisk.isPossible()) {
    process.stdout.write('full disks are not tried: no small one can be mounted here\n');
  }
  const started = performance.now();
  try {
    const rows = await faults(order, (component) => {
      process.stderr.write(`killing: ${component} …\n`);
    });
    const seconds = Math.round((performance.now() - started) / 1_000);
    process.stdout.write(`${tableOf(rows)}\n${seconds} s\n`);
    process.exitCode = isClean(rows) ? 0 : 1;
  } finally {
    if (process.exitCode !== 0) {
      const only = order.components.includes('fabric') ? ' --fabric' : '';
      process.stdout.write(
        `to repeat it: npm run faults -- --seed ${order.seed} --tries ${order.tries}${only}\n`,
      );
    }
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isUsage = error instanceof RangeError || (error as { code?: unknown }).code !== undefined;
  const text = error instanceof Error && !isUsage ? error.stack : String(error);
  process.stderr.write(`${text ?? String(error)}\n`);
  process.exitCode = 1;
});
