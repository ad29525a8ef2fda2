/** `npm run conformance:fuzz`: random transactions on an embedded network, against a model and against a second network. */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';

import { findBinaries } from '../../../network/src/fabric/index.ts';
import { openDeployment, type Deployment } from '../target/deployment.ts';
import { fuzz } from './fuzz.ts';
import { Player } from './player.ts';

const TRANSACTIONS = 500;
const MOST_TRANSACTIONS = 1_000_000;
const USAGE = `usage: npm run conformance:fuzz [-- --seed N --transactions N --fabric | --profile FILE --channel NAME --host HOST]

  --seed          decides every transaction; printed, to be given again.
  --transactions  how many to send, at least (default ${TRANSACTIONS}).
  --fabric        a second network, of Fabric's own programs from FABRIC_BIN or PATH, has to give the same answers, codes and state.
  --profile       connection profile (JSON) of the second network in place of an own one.
  --channel       of the second network; the first one of the profile by default.
  --host          address of this machine for the second network's peers (default 127.0.0.1).

The exit code is 1 at the first difference.
`;

interface Order {
  readonly seed: number;
  readonly transactions: number;
  readonly fabric: boolean;
  readonly profile: string | undefined;
  readonly channel: string | undefined;
  readonly host: string | undefined;
}

function numberFrom(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text !== '' && Number.isInteger(value) && value >= least && value <= most) {
    return value;
  }
  throw new RangeError(`expected --${name} from ${least} to ${most}, got ${text}`);
}

function orderFrom(args: readonly string[]): Order | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { ...text, default: String(randomBytes(4).readUInt32BE()) },
      transactions: { ...text, default: String(TRANSACTIONS) },
      fabric: { type: 'boolean' },
      profile: text,
      channel: text,
      host: text,
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    return undefined;
  }
  return {
    seed: numberFrom('seed', values.seed, 0, 2 ** 32 - 1),
    transactions: numberFrom('transactions', values.transactions, 1, MOST_TRANSACTIONS),
    fabric: values.fabric === true,
    profile: values.profile,
    channel: values.channel,
    host: values.host,
  };
}

async function play(order: Order): Promise<void> {
  const deployments: Deployment[] = [];
  try {
    deployments.push(await openDeployment({}));
    if (order.fabric) {
      const binaries = await findBinaries();
      deployments.push(await openDeployment({ binaries: () => binaries }));
    } else if (order.profile !== undefined) {
      deployments.push(await openDeployment(order));
    }
    const players = deployments.map(
      ({ target }, index) => new Player(index === 0 ? 'embedded' : 'second', target),
    );
    const outcome = await fuzz({
      ...order,
      // Of this run: the second network may have been fuzzed before.
      prefix: players[0]!.target.key(`${order.seed}-`),
      players,
      onProgress: (sent) => {
        process.stderr.write(`${sent} sent\n`);
      },
    });
    for (const [code, count] of Object.entries(outcome.codes)) {
      process.stdout.write(`${code} ${count}\n`);
    }
    process.stdout.write(
      `${outcome.sent} transactions on ${players.map(({ name }) => name).join(' and ')}: ` +
        `answers, read-write sets, codes and ${outcome.keys} keys as in the model\n`,
    );
  } finally {
    await Promise.all(deployments.map((deployment) => deployment.close()));
  }
}

async function main(args: readonly string[]): Promise<void> {
  const order = orderFrom(args);
  if (!order) {
    process.stdout.write(USAGE);
    return;
  }
  process.stdout.write(`seed ${order.seed}\n`);
  await play(order);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
