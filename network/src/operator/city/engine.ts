/**
 * What a city needs of a Hyperledger Fabric network, whichever engine runs it: the embedded one in this process, or Fabric's own
 * programs. Everything beside the two engines works on this alone.
 */
import type { BlockCounts } from '../../embedded/index.ts';
import type { FailedCheck } from '../../embedded/operations/health.ts';
import type { NetworkMetrics } from '../../embedded/operations/metrics.ts';
import type { ConnectionProfile, Credentials } from '../../membership/index.ts';
import type { NetworkLogger } from '../../network-logger.ts';
import type { OperatorError } from '../errors.ts';
import type { OrganisationPlan } from '../network/running-nodes.ts';
import type { Role } from './members.ts';

export type EngineKind = 'embedded' | 'fabric';

/** One process that serves the contracts. */
export interface ContractServer {
  /** MSP id of the organisation it serves; undefined when all share it. */
  readonly mspId?: string;
  /** `host:port` */
  readonly address: string;
}

/** Who sees to it that stake decides. */
export interface StakeRule {
  /** What decides, in one line. */
  readonly words: string;
  /** Whether a transaction counts only when the epoch's validator has endorsed it. */
  readonly needsValidator: boolean;
  /**
   * Brings what the network has committed to the present stake table, where that does not happen by itself.
   *
   * @returns lines worth reading: none when nothing was to be done
   */
  apply(): Promise<readonly string[]>;
}

/** A network that is up. */
export interface LedgerEngine {
  readonly kind: EngineKind;
  /** What was started, in a few words. */
  readonly words: string;
  readonly rule: StakeRule;
  readonly contracts: readonly ContractServer[];
  /** For clients of an organisation, with all nodes. */
  connectionProfile(mspId: string): ConnectionProfile;
  /** Enrols a member with its organisation's CA, or finds the one of that name. */
  enrol(mspId: string, name: string, role: Role): Promise<Credentials>;
  /** The certificate that an organisation's peer endorses with, PEM. */
  peerCertificate(mspId: string): string;
  /** As the first organisation's peer counts. */
  blocks(): Promise<BlockCounts>;
  /** Number of blocks at each node, by its full name. */
  heights(): Promise<ReadonlyMap<string, number>>;
  /** Nodes and processes that do not work now, and why. */
  failedChecks(): Promise<readonly FailedCheck[]>;
  close(): Promise<void>;
}

export interface EngineStart {
  /** Everything the network keeps is below; it exists. */
  readonly folder: string;
  readonly logger: NetworkLogger;
  readonly metrics: NetworkMetrics;
  /** Lines worth reading. */
  readonly print: (line: string) => void;
  /** A part of it ends again and again. */
  readonly onUnexpectedEnd: (error: OperatorError) => void;
}

/** The part of a network that one host runs. */
export interface NetworkPart extends Pick<
  LedgerEngine,
  'kind' | 'contracts' | 'heights' | 'failedChecks' | 'close'
> {
  readonly channel: string;
  readonly chaincode: { readonly name: string; readonly version: string };
  /** Of the whole network. */
  readonly organisations: readonly OrganisationPlan[];
  /** Of the whole network. */
  readonly profile: ConnectionProfile;
  /** Full names of its nodes. */
  readonly runs: readonly string[];
}

export interface PartStart extends Pick<EngineStart, 'folder' | 'logger' | 'print'> {
  /** Ends the waiting for other hosts. */
  readonly signal: AbortSignal;
}

/** An engine as the command line chose it, before it runs. */
export interface Engine {
  readonly kind: EngineKind;
  /** What is to be known of the choice. */
  readonly lines: readonly string[];
  /** The command line's options that choose it again. */
  readonly flags: readonly string[];
  /** @returns when every node is up; contracts may still have to be answered for by a transaction */
  start(options: EngineStart): Promise<LedgerEngine>;
  /**
   * Starts what the folder of one host of several is for; undefined where a network has one host.
   *
   * @returns when its peers answer, which may take until most other hosts are there
   */
  readonly startPart?: (options: PartStart) => Promise<NetworkPart>;
}
