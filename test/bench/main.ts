/** `npm run bench -- network`: how fast the embedded network is, and what a transaction costs; `-- crypto`: how fast algorithms are. */
import { parseArgs } from 'node:util';

import { compare, rates, type CryptoBenchOptions } from './crypto/bench.ts';
import { fuzzAll } from './decoders/decoders.ts';
import { bench, type BenchOptions } from './network/bench.ts';
import { benchFabric } from './network/fabric-bench.ts';
import { CLIENT_KINDS } from './network/orders.ts';
import {
  failuresOf,
  laneFailuresOf,
  laneTableOf,
  linesOf,
  tableOf,
  textOf,
} from './network/report.ts';
import { benchProofs } from './proof/bench.ts';

const USAGE = `usage: npm run bench -- network [options]
       npm run bench -- crypto [--turns N] [--only NAME]
       npm run bench -- decoders [--cases N] [--seed N]
       npm run bench -- proof [--devices N] [--turns N]

NETWORK

A closed loop of new keys with three endorsers; clients in turns, each in a process of its own, beside network and chaincode.

  --clients LIST      of ${CLIENT_KINDS.join(',')} (default all): our ledger client, fabric-network, fabric-gateway
  --concurrency LIST  callers at a time (default 1,10,50,150)
  --rounds N          turns of each client at each concurrency (default 3); medians are printed
  --seconds N         of one turn (default 4)
  --losses N          runs at concurrency 150 that must lose nothing (default 20)
  --soak N            transactions over which memory must be flat (default 50000); 0 leaves it out
  --fabric            in their place our client on the embedded network beside four SmartBFT orderers and three peers of Fabric's own
                      programs (FABRIC_BIN or PATH), by all orderers and by those that follow alone; with --concurrency, --rounds,
                      --seconds
  --node OPTION       for the processes of network and clients, such as --node=--cpu-prof; may be repeated

network, chaincode, client: processor time of that process for one transaction, milliseconds.
floor: what a transaction's signatures alone cost (5 made, 5 verified), measured between the turns.
Rates depend on what else runs on the machine; processor times and ratios much less. The exit code is 1 when a line is short.

CRYPTO

Both sides of a comparison by turns in one process: lines "name ratio target ok|short", of the fastest turns.
Then every algorithm by itself on 256 bytes, for information.

  --turns N           of each side (default 101)
  --only NAME         what has this in its name

DECODERS

Bytes that somebody chose, for every decoder: each gives a value or refuses with a code. Lines "name cases rejects"; the exit code
is 1 when anything else came out.

  --cases N           for all decoders together (default 100000)
  --seed N            makes the same cases again (default: of the time, and printed)

PROOF

What the ledger's proof to a device costs (docs/protocol.md §7.3), with three organisations' peers: its bytes, the time to collect
it for one device and for many that ask at the same time, and the time to verify it in Node and in a browser.

  --devices N         that ask at the same time (default 1000)
  --turns N           of each measurement (default 11); medians are printed
`;

const text = { type: 'string' } as const;

function numberFrom(name: string, given: string, least: number): number {
  const value = Number(given);
  if (given !== '' && Number.isInteger(value) && value >= least) return value;
  throw new RangeError(`expected --${name} from ${least} on, got ${given}`);
}

type Options = BenchOptions & { readonly fabric: boolean };

function optionsFrom(args: readonly string[]): Options | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      clients: { ...text, default: CLIENT_KINDS.join(',') },
      concurrency: { ...text, default: '1,10,50,150' },
      rounds: { ...text, default: '3' },
      seconds: { ...text, default: '4' },
      losses: { ...text, default: '20' },
      soak: { ...text, default: '50000' },
      node: { ...text, multiple: true, default: [] },
      fabric: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true || positionals.join() !== 'network') return null;
  const clients = CLIENT_KINDS.filter((kind) => values.clients.split(',').includes(kind));
  return {
    clients,
    concurrencies: values.concurrency.split(',').map((one) => numberFrom('concurrency', one, 1)),
    rounds: numberFrom('rounds', values.rounds, 1),
    seconds: numberFrom('seconds', values.seconds, 1),
    lossRuns: clients.includes('ours') ? numberFrom('losses', values.losses, 0) : 0,
    soak: clients.includes('ours') ? numberFrom('soak', values.soak, 0) : 0,
    node: values.node,
    fabric: values.fabric,
  };
}

function cryptoOptionsFrom(args: readonly string[]): CryptoBenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { turns: { ...text, default: '101' }, only: { ...text, default: '' } },
  });
  return { turns: numberFrom('turns', values.turns, 1), only: values.only };
}

function cryptoMain(args: readonly string[]): void {
  const options = cryptoOptionsFrom(args);
  let isMet = true;
  for (const line of compare(options)) {
    process.stdout.write(`${textOf(line)}\n`);
    isMet &&= line.isMet;
  }
  for (const { name, bytes, microseconds } of rates(options)) {
    const rate = (bytes / microseconds).toFixed(2).padStart(8);
    process.stdout.write(
      `${name.padEnd(24)} ${microseconds.toFixed(1).padStart(8)} us ${rate} MB/s\n`,
    );
  }
  process.exitCode = isMet ? 0 : 1;
}

function decodersMain(args: readonly string[]): void {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cases: { ...text, default: '100000' },
      seed: { ...text, default: String(Date.now() % 2 ** 31) },
    },
  });
  const seed = numberFrom('seed', values.seed, 0);
  let [allCases, allRejects] = [0, 0];
  process.stdout.write(`seed ${seed}\n`);
  for (const result of fuzzAll(numberFrom('cases', values.cases, 1), seed)) {
    const { name, cases, rejects, failure } = result;
    process.stdout.write(`${name.padEnd(16)} ${cases} ${rejects}\n`);
    allCases += cases;
    allRejects += rejects;
    if (failure === undefined) continue;
    process.stdout.write(`${failure}\n`);
    process.exitCode = 1;
  }
  process.stdout.write(`${'all'.padEnd(16)} ${allCases} ${allRejects}\n`);
}

async function proofMain(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { turns: { ...text, default: '11' }, devices: { ...text, default: '1000' } },
  });
  const turns = numberFrom('turns', values.turns, 1);
  const devices = numberFrom('devices', values.devices, 1);
  const tell = (progress: string): void => void process.stderr.write(`${progress} …\n`);
  const lines = await benchProofs({ turns, devices }, tell);
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function main(args: readonly string[]): Promise<void> {
  if (args[0] === 'crypto') {
    cryptoMain(args.slice(1));
    return;
  }
  if (args[0] === 'decoders') {
    decodersMain(args.slice(1));
    return;
  }
  if (args[0] === 'proof') {
    await proofMain(args.slice(1));
    return;
  }
  const options = optionsFrom(args);
  if (options === null) {
    process.stdout.write(USAGE);
    return;
  }
  const tell = (progress: string): void => void process.stderr.write(`${progress} …\n`);
  if (options.fabric) await runFabric(options, tell);
  else await runEmbedded(options, tell);
}

async function runFabric(options: Options, tell: (progress: string) => void): Promise<void> {
  const rows = await benchFabric(options, tell);
  const failures = laneFailuresOf(rows);
  process.stdout.write([laneTableOf(rows), ...failures, ''].join('\n'));
  process.exitCode = failures.length === 0 ? 0 : 1;
}

async function runEmbedded(options: Options, tell: (progress: string) => void): Promise<void> {
  const result = await bench(options, tell);
  const lines = linesOf(result);
  process.stdout.write(
    [
      tableOf(result.rows),
      ...failuresOf(result),
      `floor ${result.floorMs.toFixed(2)} ms`,
      ...lines.map(textOf),
      '',
    ].join('\n'),
  );
  process.exitCode = lines.every(({ isMet }) => isMet) ? 0 : 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isUsage = error instanceof RangeError || (error as { code?: unknown }).code !== undefined;
  process.stderr.write(
    `${error instanceof Error && !isUsage ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
});
