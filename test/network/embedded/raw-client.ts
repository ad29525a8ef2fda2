/**
 * A bare client that speaks Fabric's messages itself, so that tests can send what no SDK would: wrong ids, foreign signatures,
 * mangled payloads. Also fast enough to put the network under load.
 */
import { createHash, randomBytes } from 'node:crypto';

import {
  Client,
  credentials,
  type ChannelCredentials,
  type ClientDuplexStream,
} from '@grpc/grpc-js';
import { common, orderer, peer } from '@hyperledger/fabric-protos';
import { Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb.js';

import type { ConnectionProfile } from '../../../network/src/embedded/index.ts';
import type { Signer } from '../../../network/src/membership/signer.ts';

const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
const fromBuffer = (bytes: Buffer): Uint8Array => new Uint8Array(bytes);

type ByteStream = ClientDuplexStream<Uint8Array, Uint8Array>;

export interface ProposalFields {
  readonly channel?: string;
  readonly chaincode?: string;
  readonly args: readonly (string | Uint8Array)[];
  readonly nonce?: Uint8Array;
  readonly transactionId?: string;
  readonly type?: number;
  readonly epoch?: number;
  readonly transient?: Readonly<Record<string, string>>;
}

export interface Draft {
  readonly transactionId: string;
  readonly header: common.Header;
  /** Serialised peer.Proposal. */
  readonly proposal: Uint8Array;
  /** Serialised ChaincodeProposalPayload without transient data. */
  readonly payload: Uint8Array;
}

export function newDraft(signer: Signer, fields: ProposalFields): Draft {
  const nonce = fields.nonce ?? randomBytes(24);
  const transactionId =
    fields.transactionId ??
    createHash('sha256').update(nonce).update(signer.identity).digest('hex');
  const identifier = new peer.ChaincodeID();
  identifier.setName(fields.chaincode ?? 'features');
  const extension = new peer.ChaincodeHeaderExtension();
  extension.setChaincodeId(identifier);
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(fields.type ?? common.HeaderType.ENDORSER_TRANSACTION);
  channelHeader.setChannelId(fields.channel ?? 'city');
  channelHeader.setTxId(transactionId);
  channelHeader.setEpoch(fields.epoch ?? 0);
  channelHeader.setTimestamp(Timestamp.fromDate(new Date()));
  channelHeader.setExtension$(extension.serializeBinary());
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(signer.identity);
  signatureHeader.setNonce(nonce);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());
  const input = new peer.ChaincodeInput();
  input.setArgsList(fields.args.map((arg) => (typeof arg === 'string' ? Buffer.from(arg) : arg)));
  const spec = new peer.ChaincodeSpec();
  spec.setChaincodeId(identifier);
  spec.setInput(input);
  const invocation = new peer.ChaincodeInvocationSpec();
  invocation.setChaincodeSpec(spec);
  const bare = new peer.ChaincodeProposalPayload();
  bare.setInput(invocation.serializeBinary());
  const full = bare.clone();
  for (const [name, value] of Object.entries(fields.transient ?? {})) {
    full.getTransientmapMap().set(name, Buffer.from(value));
  }
  const proposal = new peer.Proposal();
  proposal.setHeader(header.serializeBinary());
  proposal.setPayload(full.serializeBinary());
  return {
    transactionId,
    header,
    proposal: proposal.serializeBinary(),
    payload: bare.serializeBinary(),
  };
}

/** @returns serialised peer.SignedProposal. */
export function signDraft(draft: Draft, signer: Signer): Uint8Array {
  const signed = new peer.SignedProposal();
  signed.setProposalBytes(draft.proposal);
  signed.setSignature(signer.sign(draft.proposal));
  return signed.serializeBinary();
}

export interface EnvelopeChanges {
  readonly endorsements?: readonly peer.Endorsement[];
  /** Instead of what the endorsers signed. */
  readonly responsePayload?: Uint8Array;
  /** Last look at the payload before it is signed. */
  readonly payload?: (payload: common.Payload) => void;
  /** Instead of an honest signature. */
  readonly sign?: (payload: Uint8Array) => Uint8Array;
}

/** @returns serialised common.Envelope. */
export function newEnvelope(
  draft: Draft,
  responses: readonly peer.ProposalResponse[],
  signer: Signer,
  changes: EnvelopeChanges = {},
): Uint8Array {
  const endorsed = new peer.ChaincodeEndorsedAction();
  endorsed.setProposalResponsePayload(
    changes.responsePayload ?? responses[0]?.getPayload_asU8() ?? new Uint8Array(),
  );
  endorsed.setEndorsementsList([
    ...(changes.endorsements ?? responses.map((response) => response.getEndorsement()!)),
  ]);
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setChaincodeProposalPayload(draft.payload);
  actionPayload.setAction(endorsed);
  const action = new peer.TransactionAction();
  action.setHeader(draft.header.getSignatureHeader_asU8());
  action.setPayload(actionPayload.serializeBinary());
  const transaction = new peer.Transaction();
  transaction.setActionsList([action]);
  const payload = new common.Payload();
  payload.setHeader(draft.header);
  payload.setData(transaction.serializeBinary());
  changes.payload?.(payload);
  const bytes = payload.serializeBinary();
  const envelope = new common.Envelope();
  envelope.setPayload(bytes);
  envelope.setSignature((changes.sign ?? signer.sign)(bytes));
  return envelope.serializeBinary();
}

export interface SeekFields {
  readonly channel?: string;
  readonly start: number | 'oldest' | 'newest';
  readonly stop: number | 'oldest' | 'newest';
  readonly wait?: boolean;
}

function position(at: number | 'oldest' | 'newest'): orderer.SeekPosition {
  const seek = new orderer.SeekPosition();
  if (at === 'oldest') {
    seek.setOldest(new orderer.SeekOldest());
  } else if (at === 'newest') {
    seek.setNewest(new orderer.SeekNewest());
  } else {
    const specified = new orderer.SeekSpecified();
    specified.setNumber(at);
    seek.setSpecified(specified);
  }
  return seek;
}

/** @returns serialised, signed envelope of a seek request. */
export function newSeek(signer: Signer, fields: SeekFields): Uint8Array {
  const info = new orderer.SeekInfo();
  info.setStart(position(fields.start));
  info.setStop(position(fields.stop));
  info.setBehavior(
    fields.wait === true
      ? orderer.SeekInfo.SeekBehavior.BLOCK_UNTIL_READY
      : orderer.SeekInfo.SeekBehavior.FAIL_IF_NOT_READY,
  );
  const draft = newDraft(signer, {
    args: [],
    channel: fields.channel ?? 'city',
    type: common.HeaderType.DELIVER_SEEK_INFO,
  });
  const payload = new common.Payload();
  payload.setHeader(draft.header);
  payload.setData(info.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  envelope.setSignature(signer.sign(payload.serializeBinary()));
  return envelope.serializeBinary();
}

export interface BroadcastAnswer {
  readonly status: number;
  readonly info: string;
}

/** Connections to all nodes of a network. */
export class RawClient {
  readonly signer: Signer;
  readonly #nodes: ReadonlyMap<string, Client>;
  readonly #orderers: readonly string[];
  readonly #peers: readonly string[];

  constructor(profile: ConnectionProfile, signer: Signer) {
    this.signer = signer;
    const nodes = { ...profile.peers, ...profile.orderers };
    this.#nodes = new Map(
      Object.entries(nodes).map(([name, { url, tlsCACerts, grpcOptions }]) => [
        name,
        new Client(url.replace('grpcs://', ''), secure(tlsCACerts.pem), {
          'grpc.ssl_target_name_override': String(grpcOptions['ssl-target-name-override'] ?? name),
          'grpc.max_receive_message_length': -1,
          'grpc.use_local_subchannel_pool': 1,
        }),
      ]),
    );
    this.#peers = Object.keys(profile.peers);
    this.#orderers = Object.keys(profile.orderers);
  }

  get peers(): readonly string[] {
    return this.#peers;
  }

  /** The first one. */
  get orderer(): string {
    return this.#orderers[0]!;
  }

  get orderers(): readonly string[] {
    return this.#orderers;
  }

  close(): void {
    for (const client of this.#nodes.values()) {
      client.close();
    }
  }

  /** A unary call with bytes in and out. Rejects with the gRPC error. */
  call(node: string, path: string, request: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#client(node).makeUnaryRequest(path, toBuffer, fromBuffer, request, (error, answer) => {
        if (error) {
          reject(error);
        } else {
          resolve(answer!);
        }
      });
    });
  }

  async process(node: string, signedProposal: Uint8Array): Promise<peer.ProposalResponse> {
    const bytes = await this.call(node, '/protos.Endorser/ProcessProposal', signedProposal);
    return peer.ProposalResponse.deserializeBinary(bytes);
  }

  /** Asks one peer. */
  async query(fields: ProposalFields, node: string = this.#peers[0]!): Promise<peer.Response> {
    const draft = newDraft(this.signer, fields);
    const answer = await this.process(node, signDraft(draft, this.signer));
    return answer.getResponse()!;
  }

  /** Endorses on some peers, all by default. */
  async endorse(
    fields: ProposalFields,
    nodes: readonly string[] = this.#peers,
  ): Promise<{ draft: Draft; responses: readonly peer.ProposalResponse[] }> {
    const draft = newDraft(this.signer, fields);
    const signed = signDraft(draft, this.signer);
    const responses = await Promise.all(nodes.map((node) => this.process(node, signed)));
    return { draft, responses };
  }

  /**
   * Sends one envelope to every orderer, each on a stream of its own.
   *
   * @returns the first one's answer that takes it, or else the first one's.
   */
  async broadcast(envelope: Uint8Array): Promise<BroadcastAnswer> {
    const answers = this.#orderers.map((node) => this.#broadcastTo(node, envelope));
    const taken = answers.map(async (answer) => {
      const { status, info } = await answer;
      if (status !== common.Status.SUCCESS) throw new Error(info);
      return { status, info };
    });
    return Promise.any(taken).catch(() => answers[0]!);
  }

  #broadcastTo(node: string, envelope: Uint8Array): Promise<BroadcastAnswer> {
    return new Promise((resolve, reject) => {
      const stream = this.stream(node, '/orderer.AtomicBroadcast/Broadcast');
      stream.on('error', reject);
      stream.on('data', (bytes: Uint8Array) => {
        const answer = orderer.BroadcastResponse.deserializeBinary(bytes);
        resolve({ status: answer.getStatus(), info: answer.getInfo() });
        stream.end();
      });
      stream.write(envelope);
    });
  }

  stream(node: string, path: string): ByteStream {
    return this.#client(node).makeBidiStreamRequest(path, toBuffer, fromBuffer);
  }

  /** Everything that one seek gives, up to its status. */
  async seek(
    fields: SeekFields,
    path = '/protos.Deliver/DeliverFiltered',
    node: string = this.#peers[0]!,
    signer: Signer = this.signer,
  ): Promise<readonly peer.DeliverResponse[]> {
    const stream = this.stream(node, path);
    stream.write(newSeek(signer, fields));
    stream.end();
    const answers: peer.DeliverResponse[] = [];
    for await (const bytes of stream as AsyncIterable<Uint8Array>) {
      answers.push(peer.DeliverResponse.deserializeBinary(bytes));
    }
    return answers;
  }

  /** Listens on one peer for validation codes by transaction id. */
  async follow(node: string = this.#peers[0]!): Promise<CommitListener> {
    const listener = new CommitListener(this.stream(node, '/protos.Deliver/DeliverFiltered'));
    await listener.start(this.signer);
    return listener;
  }

  #client(node: string): Client {
    return this.#nodes.get(node)!;
  }
}

function secure(pem: string): ChannelCredentials {
  return credentials.createSsl(Buffer.from(pem));
}

/** Validation codes as one peer tells them. */
export class CommitListener {
  readonly #stream: ByteStream;
  readonly #codes = new Map<string, number>();
  readonly #waiting = new Map<string, (code: number) => void>();

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** Resolves with the first block, as SDKs wait for it before they broadcast. */
  start(signer: Signer): Promise<void> {
    return new Promise((resolve) => {
      this.#stream.on('error', () => undefined);
      this.#stream.on('data', (bytes: Uint8Array) => {
        this.#take(peer.DeliverResponse.deserializeBinary(bytes));
        resolve();
      });
      this.#stream.write(newSeek(signer, { start: 'newest', stop: 2 ** 53 - 1, wait: true }));
    });
  }

  /** The last code that a transaction got. */
  code(transactionId: string): Promise<number> {
    const known = this.#codes.get(transactionId);
    return known === undefined
      ? new Promise((resolve) => this.#waiting.set(transactionId, resolve))
      : Promise.resolve(known);
  }

  /** Forgets what is known, to wait for the same id again. */
  forget(transactionId: string): void {
    this.#codes.delete(transactionId);
  }

  close(): void {
    this.#stream.cancel();
  }

  #take(response: peer.DeliverResponse): void {
    for (const item of response.getFilteredBlock()?.getFilteredTransactionsList() ?? []) {
      const code: number = item.getTxValidationCode();
      this.#codes.set(item.getTxid(), code);
      this.#waiting.get(item.getTxid())?.(code);
      this.#waiting.delete(item.getTxid());
    }
  }
}
