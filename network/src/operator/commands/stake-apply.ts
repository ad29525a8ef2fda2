/** `lamplighter stake apply`: what a Fabric network's administrators do when stake has moved. A running city does it by itself. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  appliedLines,
  applyStake,
  findBinaries,
  layOut,
  planStake,
  readInventory,
  type StakeApplyOptions,
} from '../../fabric/index.ts';
import { HOST_FILE, type HostFile } from '../../fabric/inventory-folders.ts';
import { inventoryTopology } from '../../fabric/inventory-topology.ts';
import { OperatorError } from '../errors.ts';
import { ORGANISATIONS } from '../city/plan.ts';
import { networkFolder, requireRunning, type RunningNetwork } from '../network/running-file.ts';
import type { StakeFlags } from './stake.ts';

export interface ApplyFlags extends StakeFlags {
  /** File. */
  readonly plan?: string;
}

/** @throws {OperatorError} NETWORK_NOT_RUNNING; {@link FabricError} as {@link applyStake} */
export async function apply(flags: ApplyFlags): Promise<void> {
  const directory = resolve(flags.directory);
  const running = requireRunning(directory);
  if (running.engine === 'embedded') {
    const line = 'nothing to do: the peers of the embedded network read the stake table themselves';
    show(flags, { engine: running.engine }, [line]);
    return;
  }
  const options = await administration(networkFolder(directory), running);
  if (flags.plan === undefined && running.runs !== undefined) {
    throw new OperatorError(
      'OPTION_INVALID',
      'the administrators of the others have their keys elsewhere: use --plan FILE (network/README.md, Fabric)',
    );
  }
  if (flags.plan === undefined) await applyNow(flags, options);
  else await planIn(resolve(flags.plan), flags, options);
}

async function applyNow(flags: ApplyFlags, options: StakeApplyOptions): Promise<void> {
  const applied = await applyStake(options);
  const lines = appliedLines(applied);
  const settled = `nothing to do: ${applied.policy} stands`;
  show(flags, { engine: 'fabric', ...applied }, lines.length > 0 ? lines : [settled]);
}

async function planIn(file: string, flags: ApplyFlags, options: StakeApplyOptions): Promise<void> {
  const plan = await planStake(options, file);
  const update = plan.written
    ? `${file}: for peer channel signconfigtx, by a majority of administrators, and peer channel update`
    : 'contracts are replaced by it already: no file is written';
  show(flags, { engine: 'fabric', ...plan, file }, [`--signature-policy "${plan.policy}"`, update]);
}

/** What the administrators whose folders the network keeps work with. */
async function administration(
  directory: string,
  running: RunningNetwork,
): Promise<StakeApplyOptions> {
  const { chaincode, runs } = running;
  const topology = runs === undefined ? await wholeOf(directory, running) : partOf(directory, runs);
  return { directory, binaries: await findBinaries(), topology, chaincode: chaincode.name };
}

function wholeOf(
  directory: string,
  { channel, chaincode, orderers }: RunningNetwork,
): Promise<StakeApplyOptions['topology']> {
  return layOut({
    directory,
    channel,
    host: orderers[0]?.address.replace(/:\d+$/, '') ?? '127.0.0.1',
    organisations: ORGANISATIONS,
    chaincodes: [chaincode],
    orderers: orderers.length,
  });
}

/** On one host of several, its own peer is the one that is asked. */
function partOf(directory: string, runs: readonly string[]): StakeApplyOptions['topology'] {
  const text = readFileSync(join(directory, HOST_FILE), 'utf8');
  const { inventory } = JSON.parse(text) as HostFile;
  const topology = inventoryTopology(readInventory(JSON.stringify(inventory)), {});
  const isOwn = ({ name }: { readonly name: string }): boolean => runs.includes(name);
  const own = topology.peers.filter(isOwn);
  if (own.length > 0) {
    return { ...topology, peers: [...own, ...topology.peers.filter((each) => !isOwn(each))] };
  }
  throw new OperatorError('OPTION_INVALID', 'no peer runs here: ask on a host that has one');
}

function show({ json }: ApplyFlags, document: unknown, lines: readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : `${lines.join('\n')}\n`);
}
