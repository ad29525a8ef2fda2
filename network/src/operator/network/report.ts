/** What a running network tells of itself: its health, and every peer's height, asked of each by a client of the channel. */
import type { FailedCheck, HealthStatus } from '../../embedded/operations/health.ts';
import type { Ledger } from '../../ledger/index.ts';
import { askOperations } from './operations-client.ts';
import { probeContracts } from './probe.ts';
import { connectReader, hasReader } from './reader.ts';
import type { RunningNetwork, RunningOrganisation } from './running-file.ts';

/** A peer that is well answers within a few milliseconds. */
const ANSWER_WITHIN_MS = 5_000;

/** A node or a process, as the network itself says. */
export interface PartReport {
  readonly name: string;
  readonly address: string;
  /** Why it does not work. */
  readonly reason?: string;
}

export interface ContractsReport extends PartReport {
  /** Whose; undefined when all organisations share it. */
  readonly mspId?: string;
}

export interface PeerReport {
  readonly organisation: string;
  readonly mspId: string;
  readonly name: string;
  readonly address: string;
  /** Number of blocks; undefined when it did not answer. */
  readonly height: number | undefined;
  /** Why it did not answer, or why our contracts do not answer there. */
  readonly reason?: string;
}

export interface NetworkReport {
  readonly running: true;
  /** Whether all checks pass and all peers answer. */
  readonly healthy: boolean;
  readonly kind: RunningNetwork['kind'];
  readonly engine: RunningNetwork['engine'];
  readonly directory: string;
  readonly processId: number;
  readonly since: string;
  readonly channel: string;
  readonly chaincode: RunningNetwork['chaincode'];
  readonly contracts: readonly ContractsReport[];
  readonly orderers: readonly PartReport[];
  readonly peers: readonly PeerReport[];
  readonly failedChecks: readonly FailedCheck[];
  readonly operations: string;
  readonly logFile: string;
}

/** @throws {OperatorError} NETWORK_SILENT */
export async function reportOn(directory: string, network: RunningNetwork): Promise<NetworkReport> {
  const health = (await askOperations(network, '/healthz')) as HealthStatus;
  const peers = hasReader(network) ? await askPeers(directory, network) : unasked(network);
  const failedChecks = health.failed_checks ?? [];
  const { kind, engine, processId, since, channel, chaincode, operations, logFile } = network;
  return {
    running: true,
    healthy: failedChecks.length === 0 && ownPeers(network, peers).every(isUp),
    kind,
    engine,
    directory,
    processId,
    since,
    channel,
    chaincode,
    contracts: chaincode.servers.map(({ mspId, address }) => ({
      ...partOf(contractsName(network, mspId), address, failedChecks),
      ...(mspId === undefined ? {} : { mspId }),
    })),
    orderers: network.orderers.map(({ name, address }) => partOf(name, address, failedChecks)),
    peers,
    failedChecks,
    operations,
    logFile,
  };
}

function partOf(name: string, address: string, failed: readonly FailedCheck[]): PartReport {
  const reason = failed.find(({ component }) => component === name)?.reason;
  return { name, address, ...(reason === undefined ? {} : { reason }) };
}

/** As the engine names the process in its checks: by chaincode, and by organisation where each has one. */
function contractsName(
  { chaincode, organisations }: RunningNetwork,
  mspId: string | undefined,
): string {
  const owner = organisations.find((each) => each.mspId === mspId);
  return owner === undefined ? chaincode.name : `${chaincode.name}.${owner.domain}`;
}

/** On one host of several, the others' are shown and are not this one's to answer for. */
function ownPeers({ runs }: RunningNetwork, peers: readonly PeerReport[]): readonly PeerReport[] {
  return peers.filter(({ name }) => runs?.includes(name) ?? true);
}

function isUp({ height }: PeerReport): boolean {
  return height !== undefined;
}

function unasked({ organisations }: RunningNetwork): readonly PeerReport[] {
  return organisations.map(({ name: organisation, mspId, peer: { name, address } }) => ({
    organisation,
    mspId,
    name,
    address,
    height: undefined,
    reason: 'there are no keys of a member here to ask with',
  }));
}

async function askPeers(
  directory: string,
  network: RunningNetwork,
): Promise<readonly PeerReport[]> {
  const { organisations } = network;
  await using ledger = await connectReader(directory, network, ANSWER_WITHIN_MS);
  return await Promise.all(organisations.map((each) => askPeer(ledger, each)));
}

async function askPeer(
  ledger: Ledger,
  { name: organisation, mspId, peer: { name, address } }: RunningOrganisation,
): Promise<PeerReport> {
  const facts = { organisation, mspId, name, address };
  try {
    const { height } = await ledger.chain({ organisation: mspId });
    const reason = await probeContracts(ledger, mspId);
    return { ...facts, height, ...(reason === undefined ? {} : { reason }) };
  } catch (error) {
    return { ...facts, height: undefined, reason: String(error) };
  }
}

function wordsOf(height: number | undefined, reason: string | undefined): string {
  if (height === undefined) return `no answer: ${reason ?? ''}`;
  return reason === undefined ? `height ${height}` : `height ${height}, contracts: ${reason}`;
}

/** For people. */
export function reportLines(report: NetworkReport): readonly string[] {
  const { healthy, kind, engine, processId, since, channel, chaincode } = report;
  const what = kind === 'city' ? 'a city (npm start)' : 'a network';
  const nodes = [
    ...report.orderers.map((each) => ({ ...each, mspId: '', words: each.reason ?? '' })),
    ...report.peers.map((each) => ({ ...each, words: wordsOf(each.height, each.reason) })),
    ...report.contracts.map((each) => ({ mspId: '', ...each, words: each.reason ?? 'contracts' })),
  ];
  const width = (key: 'name' | 'mspId' | 'address'): number =>
    Math.max(...nodes.map((node) => node[key].length));
  return [
    `${healthy ? 'healthy' : 'NOT HEALTHY'}: ${what} in ${report.directory}, engine ${engine}, process ${processId}, since ${since}`,
    `channel ${channel}, chaincode ${chaincode.name} ${chaincode.version}`,
    ...nodes.map(({ name, mspId, address, words }) =>
      `  ${name.padEnd(width('name'))}  ${mspId.padEnd(width('mspId'))}  ${address.padEnd(width('address'))}  ${words}`.trimEnd(),
    ),
    ...report.failedChecks.map(({ component, reason }) => `  failed: ${component}: ${reason}`),
    `operations ${report.operations}/healthz, /metrics, /version, /logspec`,
    `log ${report.logFile}`,
  ];
}
