/** What a running network tells of itself: its health, and every peer's height, asked of each by a client of the channel. */
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FailedCheck, HealthStatus } from '../../embedded/operations/health.ts';
import { connectLedger, type Ledger, type LedgerIdentity } from '../../ledger/index.ts';
import { askOperations } from './operations-client.ts';
import { probeContracts } from './probe.ts';
import { networkFolder, type RunningNetwork, type RunningOrganisation } from './running-file.ts';

/** A peer that is well answers within a few milliseconds. */
const ANSWER_WITHIN_MS = 5_000;
const READER = 'User1';

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
  readonly directory: string;
  readonly processId: number;
  readonly since: string;
  readonly channel: string;
  readonly chaincode: RunningNetwork['chaincode'];
  readonly orderer: { readonly name: string; readonly address: string };
  readonly peers: readonly PeerReport[];
  readonly failedChecks: readonly FailedCheck[];
  readonly operations: string;
  readonly logFile: string;
}

/** @throws {OperatorError} NETWORK_SILENT */
export async function reportOn(directory: string, network: RunningNetwork): Promise<NetworkReport> {
  const health = (await askOperations(network, '/healthz')) as HealthStatus;
  const peers = await askPeers(directory, network);
  const failedChecks = health.failed_checks ?? [];
  const { kind, processId, since, channel, chaincode, orderer, operations, logFile } = network;
  return {
    running: true,
    healthy: failedChecks.length === 0 && peers.every(({ height }) => height !== undefined),
    kind,
    directory,
    processId,
    since,
    channel,
    chaincode,
    orderer: { name: orderer.name, address: orderer.address },
    peers,
    failedChecks,
    operations,
    logFile,
  };
}

async function askPeers(
  directory: string,
  network: RunningNetwork,
): Promise<readonly PeerReport[]> {
  const { organisations, channel, chaincode } = network;
  const [first] = organisations;
  if (first === undefined) return [];
  const profile = join(networkFolder(directory), `connection-${first.name}.json`);
  await using ledger = await connectLedger({
    profile: JSON.parse(readFileSync(profile, 'utf8')) as object,
    identity: identityOf(first),
    channel,
    chaincode: chaincode.name,
    endorseTimeoutMs: ANSWER_WITHIN_MS,
  });
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

function identityOf({ users, domain, mspId }: RunningOrganisation): LedgerIdentity {
  const folder = join(users, `${READER}@${domain}`, 'msp');
  const only = (name: string): string => {
    const [file = ''] = readdirSync(join(folder, name));
    return readFileSync(join(folder, name, file), 'utf8');
  };
  const certificate = new X509Certificate(only('signcerts')).toString();
  return { mspId, certificate, privateKey: only('keystore') };
}

function wordsOf(height: number | undefined, reason: string | undefined): string {
  if (height === undefined) return `no answer: ${reason ?? ''}`;
  return reason === undefined ? `height ${height}` : `height ${height}, contracts: ${reason}`;
}

/** For people. */
export function reportLines(report: NetworkReport): readonly string[] {
  const { healthy, kind, processId, since, channel, chaincode, orderer, peers } = report;
  const what = kind === 'city' ? 'a city (npm start)' : 'a network';
  const nodes = [
    { name: orderer.name, mspId: '', address: orderer.address, words: '' },
    ...peers.map(({ name, mspId, address, height, reason }) => ({
      name,
      mspId,
      address,
      words: wordsOf(height, reason),
    })),
  ];
  const width = (key: 'name' | 'mspId' | 'address'): number =>
    Math.max(...nodes.map((node) => node[key].length));
  return [
    `${healthy ? 'healthy' : 'NOT HEALTHY'}: ${what} in ${report.directory}, process ${processId}, since ${since}`,
    `channel ${channel}, chaincode ${chaincode.name} ${chaincode.version} at ${chaincode.address}`,
    ...nodes.map(({ name, mspId, address, words }) =>
      `  ${name.padEnd(width('name'))}  ${mspId.padEnd(width('mspId'))}  ${address.padEnd(width('address'))}  ${words}`.trimEnd(),
    ),
    ...report.failedChecks.map(({ component, reason }) => `  failed: ${component}: ${reason}`),
    `operations ${report.operations}/healthz, /metrics, /version, /logspec`,
    `log ${report.logFile}`,
  ];
}
