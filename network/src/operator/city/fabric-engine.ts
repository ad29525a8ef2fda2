/** A network of Hyperledger Fabric's own programs as a city's engine: each node, and each organisation's contracts, is a process. */
import type { BlockCounts } from '../../embedded/index.ts';
import type { FailedCheck } from '../../embedded/operations/health.ts';
import {
  FabricNetwork,
  findBinaries,
  type FabricBinaries,
  type StakeApplied,
} from '../../fabric/index.ts';
import type { ConnectionProfile, Credentials } from '../../membership/index.ts';
import { chooseValidation, type FabricChoice, type FabricFlags } from '../fabric-option.ts';
import type { ContractServer, Engine, EngineStart, LedgerEngine, StakeRule } from './engine.ts';
import { FabricRule, requirePlugin } from './fabric-rule.ts';
import { startFabricPart } from './fabric-part.ts';
import type { Role } from './members.ts';
import { CHAINCODE, CHANNEL, ORGANISATIONS, VERSION } from './plan.ts';

/** What a directory's network always consists of. */
const LAYOUT = {
  channel: CHANNEL,
  organisations: ORGANISATIONS,
  orderers: 4,
  host: '127.0.0.1',
} as const;

/** @throws FabricError BINARIES_MISSING; OperatorError OPTION_INVALID */
export async function fabricEngine(flags: FabricFlags): Promise<Engine> {
  const binaries = await findBinaries();
  const choice = chooseValidation(binaries.peer, flags);
  return {
    kind: 'fabric',
    lines: [choice.line],
    flags: ['--fabric', ...choice.flags],
    start: (options) => FabricEngine.start(options, binaries, choice),
    startPart: (options) => startFabricPart(options, binaries, choice),
  };
}

class FabricEngine implements LedgerEngine {
  readonly kind = 'fabric';
  readonly words = `${ORGANISATIONS.length} organisations, one peer each, ${LAYOUT.orderers} orderers`;
  readonly rule: StakeRule;
  readonly #network: FabricNetwork;

  private constructor(network: FabricNetwork, rule: StakeRule) {
    this.#network = network;
    this.rule = rule;
  }

  static async start(
    { folder, logger, print }: EngineStart,
    binaries: FabricBinaries,
    { validation }: FabricChoice,
  ): Promise<FabricEngine> {
    const { kind } = validation;
    requirePlugin(folder, kind);
    const network = await FabricNetwork.start({
      ...LAYOUT,
      directory: folder,
      chaincodes: [
        { name: CHAINCODE, version: VERSION, sequence: 1, label: `${CHAINCODE}_${VERSION}` },
      ],
      binaries,
      validation,
      logger,
      // The others go on without it, and the status tells.
      onGivenUp: (error) => {
        print(error.message);
      },
    });
    const apply = (): Promise<StakeApplied> => network.applyStake(CHAINCODE);
    return new FabricEngine(network, new FabricRule({ folder, kind, apply }));
  }

  get contracts(): readonly ContractServer[] {
    return this.#network.nodes
      .filter(({ kind }) => kind === 'chaincode')
      .map(({ mspId, address }) => ({ mspId, address }));
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
    return this.#network.blocks();
  }

  heights(): Promise<ReadonlyMap<string, number>> {
    return this.#network.heights();
  }

  failedChecks(): Promise<readonly FailedCheck[]> {
    return this.#network.failedChecks();
  }

  close(): Promise<void> {
    return this.#network.close();
  }
}
