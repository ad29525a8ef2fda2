/** Calls to one peer as its organisation's administrator: an evaluation, a discovery query, its blocks. */
import { Client, credentials } from '@grpc/grpc-js';
import { discovery, gossip, orderer, peer } from '@hyperledger/fabric-protos';

import { newProposal, newSeekEnvelope, type Invocation } from '../ledger/proposal.ts';
import { readProposalAnswer, type ProposalAnswer } from '../ledger/proposal-answer.ts';
import type { Signer } from '../membership/signer.ts';

const ANSWERS_WITHIN_MS = 30_000;
const PROCESS_PROPOSAL = '/protos.Endorser/ProcessProposal';
const DISCOVER = '/discovery.Discovery/Discover';
const DELIVER_FILTERED = '/protos.Deliver/DeliverFiltered';

export interface PeerCallsOptions {
  /** `host:port` */
  readonly address: string;
  /** A name in the peer's TLS certificate. */
  readonly name: string;
  /** Certificate of its TLS CA, PEM. */
  readonly tlsRoot: string;
  readonly signer: Signer;
}

function bytesOf(message: Uint8Array): Buffer {
  return Buffer.from(message.buffer, message.byteOffset, message.length);
}

function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes);
}

function seekFrom(first: number, last: number): Uint8Array {
  const [start, stop] = [first, last].map((number) => {
    const specified = new orderer.SeekSpecified();
    specified.setNumber(number);
    const position = new orderer.SeekPosition();
    position.setSpecified(specified);
    return position;
  });
  const seek = new orderer.SeekInfo();
  seek.setStart(start);
  seek.setStop(stop);
  seek.setBehavior(orderer.SeekInfo.SeekBehavior.BLOCK_UNTIL_READY);
  return seek.serializeBinary();
}

function membershipQuery(channel: string): discovery.Query {
  const query = new discovery.Query();
  query.setChannel(channel);
  query.setPeerQuery(new discovery.PeerMembershipQuery());
  return query;
}

/** Names of the chaincodes that a peer says it can endorse. */
function chaincodesOf(node: discovery.Peer): readonly string[] {
  const payload = node.getStateInfo()?.getPayload_asU8() ?? new Uint8Array();
  const said = gossip.GossipMessage.deserializeBinary(payload).getStateInfo();
  const chaincodes = said?.getProperties()?.getChaincodesList() ?? [];
  return chaincodes.map((each) => each.getName());
}

export class PeerCalls {
  readonly name: string;
  readonly #client: Client;
  readonly #signer: Signer;

  constructor({ address, name, tlsRoot, signer }: PeerCallsOptions) {
    this.name = name;
    this.#signer = signer;
    this.#client = new Client(address, credentials.createSsl(Buffer.from(tlsRoot)), {
      'grpc.ssl_target_name_override': name,
      // A peer that has just been started again is dialled at once, not after gRPC's growing pauses.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 500,
    });
  }

  /** @throws Error of gRPC; whatever the decoder throws */
  async evaluate(invocation: Invocation): Promise<ProposalAnswer> {
    const { message } = newProposal(invocation, this.#signer, new Date());
    return readProposalAnswer(this.name, await this.#call(PROCESS_PROPOSAL, message));
  }

  /**
   * How many peers of the channel could endorse a call of a chaincode, as this one has heard; itself included.
   *
   * @throws Error of gRPC; whatever the decoder throws
   */
  async endorsers(channel: string, chaincode: string): Promise<number> {
    const authentication = new discovery.AuthInfo();
    authentication.setClientIdentity(this.#signer.identity);
    const request = new discovery.Request();
    request.setAuthentication(authentication);
    request.setQueriesList([membershipQuery(channel)]);
    const payload = request.serializeBinary();
    const signed = new discovery.SignedRequest();
    signed.setPayload(payload);
    signed.setSignature(this.#signer.sign(payload));
    const answer = await this.#call(DISCOVER, signed.serializeBinary());
    const [result] = discovery.Response.deserializeBinary(answer).getResultsList();
    const peers = result?.getMembers()?.getPeersByOrgMap();
    return [...(peers?.entries() ?? [])]
      .flatMap(([, each]) => each.getPeersList())
      .filter((each) => chaincodesOf(each).includes(chaincode)).length;
  }

  /**
   * Reads filtered blocks, from `first` to `last`, waiting for those that are not there yet.
   *
   * @throws Error of gRPC, or with the peer's status
   */
  filteredBlocks(
    channel: string,
    { first, last }: { readonly first: number; readonly last: number },
    visit: (block: peer.FilteredBlock) => void,
  ): Promise<void> {
    const seek = newSeekEnvelope(channel, seekFrom(first, last), this.#signer, new Date());
    const stream = this.#client.makeBidiStreamRequest(DELIVER_FILTERED, bytesOf, plain);
    return new Promise((resolve, reject) => {
      stream.on('data', (bytes: Uint8Array) => {
        const answer = peer.DeliverResponse.deserializeBinary(bytes);
        const block = answer.getFilteredBlock();
        if (block !== undefined) {
          visit(block);
          return;
        }
        stream.cancel();
        if (answer.getStatus() === 200) resolve();
        else reject(new Error(`${this.name} answered with status ${answer.getStatus()}`));
      });
      stream.on('error', reject);
      stream.write(seek);
    });
  }

  close(): void {
    this.#client.close();
  }

  #call(path: string, message: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + ANSWERS_WITHIN_MS;
      this.#client.makeUnaryRequest(
        path,
        bytesOf,
        plain,
        message,
        { deadline },
        (error, answer) => {
          if (error) reject(error);
          else resolve(answer ?? new Uint8Array());
        },
      );
    });
  }
}
