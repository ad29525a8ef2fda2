/** The nodes of the channel that the profile names, each behind a connection of its own. */
import type { Channel } from 'fabric-common';

import { NodeClient } from './node-client.ts';
import { Orderers } from './orderers.ts';
import { readProposalAnswer, type ProposalAnswer } from './proposal-answer.ts';

const PROCESS_PROPOSAL = '/protos.Endorser/ProcessProposal';

export interface PeerNode {
  readonly mspId: string;
  readonly client: NodeClient;
}

export class Nodes {
  readonly orderers: Orderers;
  readonly #peers: readonly PeerNode[];
  readonly #orderers: readonly NodeClient[];

  constructor(channel: Channel) {
    this.#peers = channel
      .getEndorsers()
      .map((peer) => ({ mspId: peer.mspid, client: new NodeClient(peer) }));
    this.#orderers = channel.getCommitters().map((orderer) => new NodeClient(orderer));
    this.orderers = new Orderers(this.#orderers);
  }

  get peers(): readonly PeerNode[] {
    return this.#peers;
  }

  /** Peers of one organisation, none when the profile has none. */
  peersOf(mspId: string): readonly PeerNode[] {
    return this.#peers.filter((peer) => peer.mspId === mspId);
  }

  /** Begins to dial everybody; resolves when it is known who answers. */
  async dial(): Promise<void> {
    await Promise.all(this.#nodes().map((node) => node.tried()));
  }

  close(): void {
    this.orderers.close();
    for (const node of this.#nodes()) node.close();
  }

  #nodes(): readonly NodeClient[] {
    return [...this.#peers.map(({ client }) => client), ...this.#orderers];
  }
}

/** Connected peers; those that failed lately are waited for only when there is nobody else. */
export async function reachable(peers: readonly PeerNode[]): Promise<readonly PeerNode[]> {
  const connected = peers.filter(({ client }) => client.isConnected);
  if (connected.length === peers.length) return connected;
  await Promise.all(peers.map(({ client }) => client.tried()));
  const tried = peers.filter(({ client }) => client.isConnected);
  if (tried.length > 0) return tried;
  await Promise.all(peers.map(({ client }) => client.dial()));
  return peers.filter(({ client }) => client.isConnected);
}

/** @throws {Error} of gRPC, or of an answer that is none */
export async function processProposal(
  peer: NodeClient,
  proposal: Uint8Array,
  timeoutMs: number,
): Promise<ProposalAnswer> {
  return readProposalAnswer(peer.name, await peer.call(PROCESS_PROPOSAL, proposal, timeoutMs));
}

export function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
