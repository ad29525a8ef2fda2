/** The nodes of the channel that the profile names, each behind a connection of its own. */
import type { Channel } from 'fabric-common';

import { BroadcastStream } from './broadcast-stream.ts';
import { errorOfTransport, type BroadcastOutcome } from './failures.ts';
import { NodeClient } from './node-client.ts';
import { readProposalAnswer, type ProposalAnswer } from './proposal-answer.ts';

const PROCESS_PROPOSAL = '/protos.Endorser/ProcessProposal';

interface PeerNode {
  readonly mspId: string;
  readonly client: NodeClient;
}

export class Nodes {
  readonly #peers: readonly PeerNode[];
  readonly #orderers: readonly NodeClient[];
  readonly #broadcasts: readonly BroadcastStream[];

  constructor(channel: Channel) {
    this.#peers = channel
      .getEndorsers()
      .map((peer) => ({ mspId: peer.mspid, client: new NodeClient(peer) }));
    this.#orderers = channel.getCommitters().map((orderer) => new NodeClient(orderer));
    this.#broadcasts = this.#orderers.map((orderer) => new BroadcastStream(orderer));
  }

  get peers(): readonly NodeClient[] {
    return this.#peers.map(({ client }) => client);
  }

  /** Peers of one organisation, none when the profile has none. */
  peersOf(mspId: string): readonly NodeClient[] {
    return this.#peers.filter((peer) => peer.mspId === mspId).map(({ client }) => client);
  }

  /** Begins to dial everybody; resolves when it is known who answers. */
  async dial(): Promise<void> {
    await Promise.all([...this.peers, ...this.#orderers].map((node) => node.tried()));
  }

  /**
   * Asks all that can be reached at the same time.
   *
   * @returns at least one answer
   * @throws LedgerError UNAVAILABLE, TIMEOUT
   */
  async endorse(
    proposal: Uint8Array,
    transactionId: string,
    timeoutMs: number,
  ): Promise<readonly ProposalAnswer[]> {
    const targets = await reachable(this.peers);
    const asked = await Promise.allSettled(
      targets.map((peer) => processProposal(peer, proposal, timeoutMs)),
    );
    const answers = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (answers.length > 0) return answers;
    const errors = asked.flatMap((one) => (one.status === 'rejected' ? [toError(one.reason)] : []));
    throw errorOfTransport(errors, transactionId);
  }

  /** Sends an envelope to every orderer (BFT orderers forward slowly); one outcome each. */
  broadcast(envelope: Uint8Array, timeoutMs: number): Promise<readonly BroadcastOutcome[]> {
    return Promise.all(this.#broadcasts.map((stream) => stream.send(envelope, timeoutMs)));
  }

  close(): void {
    for (const stream of this.#broadcasts) stream.close();
    for (const node of [...this.peers, ...this.#orderers]) node.close();
  }
}

/** Connected peers; those that failed lately are waited for only when there is nobody else. */
export async function reachable(peers: readonly NodeClient[]): Promise<readonly NodeClient[]> {
  await Promise.all(peers.map((peer) => peer.tried()));
  const connected = peers.filter(({ isConnected }) => isConnected);
  if (connected.length > 0) return connected;
  await Promise.all(peers.map((peer) => peer.dial()));
  return peers.filter(({ isConnected }) => isConnected);
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
