/** The embedded network as a city's engine: all nodes in this process, the contracts in one of their own. */
import { createHash } from 'node:crypto';
import { Closers } from '../../closers.ts';
import { EmbeddedNetwork, STAKE_PLUGIN, type BlockCounts } from '../../embedded/index.ts';
import type { FailedCheck } from '../../embedded/operations/health.ts';
import { freePort } from '../../free-ports.ts';
import type { ConnectionProfile, Credentials } from '../../membership/index.ts';
import { byzantineFlags, byzantineLines, type ByzantinePeers } from '../byzantine-option.ts';
import { SupervisedContracts } from '../processes/supervised-contracts.ts';
import type { ContractServer, Engine, EngineStart, LedgerEngine, StakeRule } from './engine.ts';
import type { Role } from './members.ts';
import { CHAINCODE, CHANNEL, ORGANISATIONS, VERSION } from './plan.ts';

/** Label and hash, as Fabric names a chaincode package. */
const PACKAGE_ID = `${CHAINCODE}_${VERSION}:${createHash('sha256').update(`${CHAINCODE} ${VERSION}`).digest('hex')}`;

export function embeddedEngine(byzantine: ByzantinePeers): Engine {
  return {
    kind: 'embedded',
    lines: byzantineLines(byzantine),
    flags: byzantineFlags(byzantine),
    start: (options) => EmbeddedEngine.start(options, byzantine),
  };
}

class EmbeddedEngine implements LedgerEngine {
  readonly kind = 'embedded';
  readonly words = `${ORGANISATIONS.length} organisations, one peer each, one orderer`;
  readonly rule: StakeRule = {
    words: 'more than half of all decide, the validator among them',
    needsValidator: true,
    // Its peers read the table with each block.
    apply: () => Promise.resolve([]),
  };
  readonly contracts: readonly ContractServer[];
  readonly #network: EmbeddedNetwork;
  readonly #process: SupervisedContracts;
  readonly #closers: Closers;

  private constructor(
    network: EmbeddedNetwork,
    contracts: SupervisedContracts,
    address: string,
    closers: Closers,
  ) {
    this.#network = network;
    this.#process = contracts;
    this.#closers = closers;
    this.contracts = [{ address }];
  }

  /** Starts network and contracts side by side. */
  static async start(options: EngineStart, byzantine: ByzantinePeers): Promise<EmbeddedEngine> {
    const closers = new Closers();
    const address = `127.0.0.1:${await freePort()}`;
    const [network, contracts] = await Promise.allSettled([
      startNetwork(options, byzantine, address),
      startContracts(options, address),
    ]);
    if (network.status === 'fulfilled') closers.add(() => network.value.close());
    if (contracts.status === 'fulfilled') closers.add(() => contracts.value.close());
    if (network.status === 'fulfilled' && contracts.status === 'fulfilled') {
      return new EmbeddedEngine(network.value, contracts.value, address, closers);
    }
    await closers.closeAll();
    throw [network, contracts].find((each) => each.status === 'rejected')?.reason;
  }

  connectionProfile(mspId: string): ConnectionProfile {
    return this.#network.connectionProfile(mspId);
  }

  enrol(mspId: string, name: string, role: Role): Promise<Credentials> {
    return this.#network.enrol(mspId, name, role);
  }

  peerCertificate(mspId: string): string {
    return this.#network.peerCertificate(mspId);
  }

  blocks(): Promise<BlockCounts> {
    return Promise.resolve(this.#network.blocks());
  }

  heights(): Promise<ReadonlyMap<string, number>> {
    return Promise.resolve(this.#network.heights());
  }

  failedChecks(): Promise<readonly FailedCheck[]> {
    const ended = { component: CHAINCODE, reason: 'its process has ended; see the log' };
    return Promise.resolve([
      ...this.#network.failedChecks(),
      ...(this.#process.isRunning() ? [] : [ended]),
    ]);
  }

  close(): Promise<void> {
    return this.#closers.closeAll();
  }
}

function startNetwork(
  { folder, logger, metrics }: EngineStart,
  byzantine: ByzantinePeers,
  address: string,
): Promise<EmbeddedNetwork> {
  return EmbeddedNetwork.start({
    directory: folder,
    channel: CHANNEL,
    byzantine,
    organisations: ORGANISATIONS,
    chaincodes: [
      {
        name: CHAINCODE,
        version: VERSION,
        sequence: 1,
        packageId: PACKAGE_ID,
        address,
        validationPlugin: STAKE_PLUGIN,
      },
    ],
    logger,
    observer: metrics,
  });
}

function startContracts(
  { logger, print, onUnexpectedEnd }: EngineStart,
  address: string,
): Promise<SupervisedContracts> {
  return SupervisedContracts.start({
    port: Number(address.split(':')[1]),
    packageId: PACKAGE_ID,
    onRestart: (error) => {
      logger.error({ reason: error.message }, 'the contracts are started again');
      print(`${error.message.split('\n')[0] ?? ''}; starting it again`);
    },
    onGivenUp: onUnexpectedEnd,
  });
}
