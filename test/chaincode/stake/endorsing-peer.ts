/** Proposals, and peers that answer them as Fabric's do: honestly by the contracts over a ledger, or as a test wants it. */
import { common, ledger, msp, peer } from '@hyperledger/fabric-protos';
import { p256 } from '@noble/curves/nist.js';
import { Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb';
import { createHash, sign } from 'node:crypto';
import type { MisconductReport } from '../../../chaincode/src/stake/records.ts';
import type { Identity, SigningIdentity } from '../identities.ts';
import type { Execution, MemoryLedger } from '../memory-ledger.ts';

const { rwset } = ledger;
const { kvrwset } = rwset;
const ORDER = p256.Point.Fn.ORDER;
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export interface Proposal {
  readonly channelHeader: Uint8Array;
  readonly signatureHeader: Uint8Array;
  readonly payload: Uint8Array;
  readonly hash: Uint8Array;
  readonly args: readonly string[];
  readonly client: Identity;
  readonly seconds: number;
}

export interface ProposalOptions {
  readonly channel?: string;
  readonly chaincode?: string;
  readonly type?: number;
  readonly seconds: number;
  readonly nonce?: string;
}

function serializedIdentity({ mspId, certificate }: Identity): Uint8Array {
  const identity = new msp.SerializedIdentity();
  identity.setMspid(mspId);
  identity.setIdBytes(Buffer.from(certificate));
  return identity.serializeBinary();
}

function chaincodeId(name: string): peer.ChaincodeID {
  const id = new peer.ChaincodeID();
  id.setName(name);
  return id;
}

export function aProposal(
  client: Identity,
  args: readonly string[],
  { channel = 'city', chaincode = 'lamplighter', type = 3, seconds, nonce = 'n' }: ProposalOptions,
): Proposal {
  const header = new common.ChannelHeader();
  const extension = new peer.ChaincodeHeaderExtension();
  extension.setChaincodeId(chaincodeId(chaincode));
  const timestamp = new Timestamp();
  timestamp.setSeconds(seconds);
  header.setType(type);
  header.setTimestamp(timestamp);
  header.setChannelId(channel);
  header.setTxId(createHash('sha256').update(nonce).digest('hex'));
  header.setExtension$(extension.serializeBinary());
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(serializedIdentity(client));
  signatureHeader.setNonce(Buffer.from(nonce));
  const input = new peer.ChaincodeInput();
  input.setArgsList(args.map((arg) => new Uint8Array(Buffer.from(arg))));
  const spec = new peer.ChaincodeSpec();
  spec.setChaincodeId(chaincodeId(chaincode));
  spec.setInput(input);
  const invocation = new peer.ChaincodeInvocationSpec();
  invocation.setChaincodeSpec(spec);
  const payload = new peer.ChaincodeProposalPayload();
  payload.setInput(invocation.serializeBinary());
  const parts = [header, signatureHeader, payload].map((part) => part.serializeBinary());
  const [one = new Uint8Array(), two = new Uint8Array(), three = new Uint8Array()] = parts;
  return {
    channelHeader: one,
    signatureHeader: two,
    payload: three,
    hash: createHash('sha256').update(one).update(two).update(three).digest(),
    args,
    client,
    seconds,
  };
}

/** What an answer says; a lying peer changes some of it. */
export interface Answer {
  readonly reads: readonly (readonly [key: string, block: number])[];
  readonly writes: readonly (readonly [string, string | null])[];
  readonly response: string;
  readonly event: { readonly name: string; readonly payload: string } | null;
  readonly chaincode: string;
  readonly version: string;
  /** Of the definition; null for an answer that did not look at it. */
  readonly sequenceBlock: number | null;
}

function answerOf(execution: Execution, memory: MemoryLedger): Answer {
  return {
    reads: execution.reads.map((key) => [key, memory.historyOf(key).length] as const),
    writes: execution.writes,
    response: execution.payload,
    event: execution.event,
    chaincode: 'lamplighter',
    version: '1',
    sequenceBlock: 1,
  };
}

function readOf([key, block]: readonly [string, number]): ledger.rwset.kvrwset.KVRead {
  const read = new kvrwset.KVRead();
  read.setKey(key);
  if (block > 0) {
    const version = new kvrwset.Version();
    version.setBlockNum(block);
    read.setVersion(version);
  }
  return read;
}

function namespaceOf(name: string, set: ledger.rwset.kvrwset.KVRWSet): ledger.rwset.NsReadWriteSet {
  const namespace = new rwset.NsReadWriteSet();
  namespace.setNamespace(name);
  namespace.setRwset(set.serializeBinary());
  return namespace;
}

function resultsOf({ reads, writes, chaincode, sequenceBlock }: Answer): Uint8Array {
  const own = new kvrwset.KVRWSet();
  own.setReadsList([...new Map(reads)].sort().map(readOf));
  own.setWritesList(
    [...new Map(writes)].sort().map(([key, value]) => {
      const write = new kvrwset.KVWrite();
      write.setKey(key);
      write.setIsDelete(value === null);
      write.setValue(Buffer.from(value ?? '', 'hex'));
      return write;
    }),
  );
  const lifecycle = new kvrwset.KVRWSet();
  if (sequenceBlock !== null) {
    lifecycle.addReads(readOf([`namespaces/fields/${chaincode}/Sequence`, sequenceBlock]));
  }
  const results = new rwset.TxReadWriteSet();
  results.addNsRwset(namespaceOf('_lifecycle', lifecycle));
  results.addNsRwset(namespaceOf(chaincode, own));
  return results.serializeBinary();
}

type Response = MisconductReport['responses'][number];

/** ECDSA as Fabric's peers sign; `highS` as they do not. */
export function signatureOf(
  identity: SigningIdentity,
  message: Uint8Array,
  highS = false,
): Uint8Array {
  const { r, s } = p256.Signature.fromBytes(sign('sha256', message, identity.privateKey), 'der');
  const low = s > ORDER / 2n ? ORDER - s : s;
  return new p256.Signature(r, highS ? ORDER - low : low).toBytes('der');
}

/** A peer's signature under an answer. */
export function signAnswer(
  identity: SigningIdentity,
  hash: Uint8Array,
  answer: Answer,
  { highS = false }: { readonly highS?: boolean } = {},
): Response {
  const response = new peer.Response();
  response.setStatus(200);
  response.setPayload(Buffer.from(answer.response));
  const id = chaincodeId(answer.chaincode);
  id.setVersion(answer.version);
  const action = new peer.ChaincodeAction();
  action.setResults(resultsOf(answer));
  action.setResponse(response);
  action.setChaincodeId(id);
  if (answer.event !== null) {
    const event = new peer.ChaincodeEvent();
    event.setChaincodeId(answer.chaincode);
    event.setEventName(answer.event.name);
    event.setPayload(Buffer.from(answer.event.payload));
    action.setEvents(event.serializeBinary());
  }
  const payload = new peer.ProposalResponsePayload();
  payload.setProposalHash(hash);
  payload.setExtension$(action.serializeBinary());
  const bytes = payload.serializeBinary();
  const endorser = serializedIdentity(identity);
  return {
    payload: hexOf(bytes),
    endorser: hexOf(endorser),
    signature: hexOf(signatureOf(identity, Buffer.concat([bytes, endorser]), highS)),
  };
}

/** What an honest peer finds when it executes the proposal on this ledger, or null when the contract refuses. */
export async function executeHonestly(
  memory: MemoryLedger,
  { client, args, seconds }: Proposal,
): Promise<Answer | null> {
  const execution = await memory.execute(client, args, { time: seconds });
  return execution.status === 200 ? answerOf(execution, memory) : null;
}

export function aReport(
  kind: MisconductReport['kind'],
  proposal: Proposal,
  responses: readonly Response[],
): MisconductReport {
  return {
    kind,
    channelHeader: hexOf(proposal.channelHeader),
    signatureHeader: hexOf(proposal.signatureHeader),
    proposal: hexOf(proposal.payload),
    responses,
  };
}
