/** A peer as the others of its channel know it: what gossip tells real peers about each other. */
import type { Definitions } from './defined-chaincodes.ts';

/** Chaincodes that every peer has and that no definition names. */
export const SYSTEM_CHAINCODES: ReadonlySet<string> = new Set(['_lifecycle', 'cscc', 'qscc']);

export interface Neighbour {
  /** Full name, such as `peer0.northlight.example`. */
  readonly name: string;
  readonly mspId: string;
  /** `host:port` of its endpoint. */
  readonly address: string;
  /** Serialised msp.SerializedIdentity. */
  readonly identity: Uint8Array;
  /** Signs what it says of itself. */
  readonly sign: (message: Uint8Array) => Uint8Array;
  /** Number of blocks it has. */
  readonly height: number;
  /** Resolves when it has the block of that number. @throws the signal's reason when it aborts first. */
  reach(number: number, signal: AbortSignal): Promise<void>;
  /** False when it has stopped because of an error. */
  readonly alive: boolean;
  /**
   * Endorser.ProcessProposal.
   *
   * @param message - serialised peer.SignedProposal.
   * @returns serialised peer.ProposalResponse.
   * @throws EmbeddedError when the proposal itself is refused, or the peer has stopped.
   */
  process(message: Uint8Array): Promise<Uint8Array>;
  /** The chaincodes that are defined on the channel, by name. */
  definitions(): Promise<Definitions>;
  /** What a chaincode keeps as its stake table; null for nothing. */
  stakeTable(chaincode: string): Promise<Uint8Array | null>;
  /** Those of them that this peer can run. */
  chaincodes(): Promise<Definitions>;
}

/** Those that can be asked, the highest first; of equally high ones, `own` first. */
export function available(neighbours: readonly Neighbour[], own?: Neighbour): readonly Neighbour[] {
  const rank = (neighbour: Neighbour): number => (neighbour === own ? 0 : 1);
  return neighbours
    .filter(({ alive }) => alive)
    .sort((left, right) => right.height - left.height || rank(left) - rank(right));
}
