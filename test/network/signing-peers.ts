/** {@link ProofSource} over the real contracts in memory: three organisations' peers that sign as Fabric's do, or lie. */
import type { ProofResponse } from '@lamplighter/sdk/wire';
import { LedgerError, type AskOptions, type ProofSource } from '../../network/src/ledger/index.ts';
import type { Identity, SigningIdentity } from '../chaincode/identities.ts';
import type { MemoryLedger } from '../chaincode/memory-ledger.ts';
import {
  aProposal,
  executeHonestly,
  signAnswer,
  type Answer,
} from '../chaincode/stake/endorsing-peer.ts';

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

export interface SigningPeersParts {
  readonly memory: MemoryLedger;
  /** Who asks. */
  readonly client: Identity;
  readonly peers: readonly SigningIdentity[];
  /** Seconds since 1970. */
  readonly time: () => number;
}

/** See the module comment. */
export class SigningPeers implements ProofSource {
  readonly channel = 'city';
  readonly chaincode = 'lamplighter';
  /** What was asked, by function. */
  readonly asked: string[] = [];
  /** What a peer of an organisation makes of its answer; null for silence. */
  readonly lies = new Map<string, (answer: Answer) => Answer | null>();
  /** Asked for before each answer: something may happen meanwhile. */
  before: () => Promise<void> = () => Promise.resolve();
  peers: readonly SigningIdentity[];
  readonly #parts: SigningPeersParts;

  constructor(parts: SigningPeersParts) {
    this.#parts = parts;
    this.peers = parts.peers;
  }

  async ask(
    transaction: string,
    args: readonly string[],
    { enough = () => false, signal }: AskOptions = {},
  ): Promise<readonly ProofResponse[]> {
    this.asked.push(transaction);
    await this.before();
    signal?.throwIfAborted();
    const { memory, client, time } = this.#parts;
    const nonce = `nonce ${this.asked.length}`;
    const proposal = aProposal(client, [transaction, ...args], { seconds: time(), nonce });
    const honest = await executeHonestly(memory, proposal);
    if (honest === null) throw new LedgerError('CONTRACT_FAILED', 'every peer refused');
    const responses: ProofResponse[] = [];
    for (const identity of this.peers) {
      const answer = (this.lies.get(identity.mspId) ?? same)(honest);
      if (answer === null) continue;
      const signed = signAnswer(identity, proposal.hash, answer);
      responses.push({
        chdr: proposal.channelHeader,
        shdr: proposal.signatureHeader,
        ccpp: proposal.payload,
        payload: bytesOf(signed.payload),
        endorser: bytesOf(signed.endorser),
        sig: bytesOf(signed.signature),
      });
      if (enough(responses)) break;
    }
    return responses;
  }
}

function same(answer: Answer): Answer {
  return answer;
}
