/** `lamplighter stake apply`: what a Fabric network's administrators do when stake has moved. A running city does it by itself. */
import { resolve } from 'node:path';
import {
  appliedLines,
  applyStake,
  findBinaries,
  layOut,
  planStake,
  type StakeApplyOptions,
} from '../../fabric/index.ts';
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
  { channel, chaincode, orderers }: RunningNetwork,
): Promise<StakeApplyOptions> {
  const topology = await layOut({
    directory,
    channel,
    host: orderers[0]?.address.replace(/:\d+$/, '') ?? '127.0.0.1',
    organisations: ORGANISATIONS,
    chaincodes: [chaincode],
    orderers: orderers.length,
  });
  return { directory, binaries: await findBinaries(), topology, chaincode: chaincode.name };
}

function show({ json }: ApplyFlags, document: unknown, lines: readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : `${lines.join('\n')}\n`);
}
