/**
 * The transaction that commits chaincode definitions: what `peer lifecycle chaincode commit` would send, made by the network
 * itself. It is signed by an administrator, endorsed by all peers and ordered like any other.
 */
import { createHash, randomBytes } from 'node:crypto';

import { common, peer } from '@hyperledger/fabric-protos';
import { Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb.js';

import { compareKeys } from './ledger/key-order.ts';
import { encodeReadWriteSet } from './ledger/read-write-set.ts';
import type { StateEntry } from './ledger/state.ts';
import { transactionIdOf } from './ledger/transaction.ts';
import {
  definitionWrites,
  fieldKey,
  LIFECYCLE,
  type ChaincodeDefinition,
} from './peer/definitions.ts';
import { endorse, responsePayload, success } from './peer/responses.ts';
import type { Signer } from './signer.ts';

const NONCE_BYTES = 24;

export interface DefinitionRequest {
  readonly channel: string;
  readonly definitions: readonly ChaincodeDefinition[];
  /** What stands under a key of `_lifecycle` now. */
  readonly current: (key: string) => Promise<StateEntry | undefined>;
  readonly submitter: Signer;
  readonly endorsers: readonly Signer[];
  readonly now: Date;
}

export interface SignedEnvelope {
  readonly transactionId: string;
  /** Serialised common.Envelope. */
  readonly bytes: Uint8Array;
}

function identifier(): peer.ChaincodeID {
  const chaincode = new peer.ChaincodeID();
  chaincode.setName(LIFECYCLE);
  return chaincode;
}

function headerOf(request: DefinitionRequest, nonce: Uint8Array): common.Header {
  const extension = new peer.ChaincodeHeaderExtension();
  extension.setChaincodeId(identifier());
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.ENDORSER_TRANSACTION);
  channelHeader.setChannelId(request.channel);
  channelHeader.setTxId(transactionIdOf(nonce, request.submitter.identity));
  channelHeader.setTimestamp(Timestamp.fromDate(request.now));
  channelHeader.setExtension$(extension.serializeBinary());
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(request.submitter.identity);
  signatureHeader.setNonce(nonce);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());
  return header;
}

function proposalPayload({ definitions }: DefinitionRequest): Uint8Array {
  const input = new peer.ChaincodeInput();
  input.setArgsList([
    Buffer.from('CommitChaincodeDefinition'),
    ...definitions.map(({ name, version, sequence, validationParameter }) => {
      const args = new peer.lifecycle.CommitChaincodeDefinitionArgs();
      args.setName(name);
      args.setVersion(version);
      args.setSequence(sequence);
      args.setValidationParameter(validationParameter);
      return args.serializeBinary();
    }),
  ]);
  const spec = new peer.ChaincodeSpec();
  spec.setChaincodeId(identifier());
  spec.setInput(input);
  const invocation = new peer.ChaincodeInvocationSpec();
  invocation.setChaincodeSpec(spec);
  const payload = new peer.ChaincodeProposalPayload();
  payload.setInput(invocation.serializeBinary());
  return payload.serializeBinary();
}

/** Reads every key that it writes, so that two such transactions cannot both succeed. */
async function results({ definitions, current }: DefinitionRequest): Promise<Uint8Array> {
  const writes = definitions
    .flatMap(definitionWrites)
    .sort((left, right) => compareKeys(left.key, right.key));
  const reads = await Promise.all(
    definitions
      .map(({ name }) => fieldKey(name, 'Sequence'))
      .sort(compareKeys)
      .map(async (key) => ({ key, version: (await current(key))?.version })),
  );
  return encodeReadWriteSet([
    { namespace: LIFECYCLE, reads, writes, rangeQueries: [], metadataWrites: [], collections: 0 },
  ]);
}

/** @returns an envelope, ready to be ordered. */
export async function newDefinitionTransaction(
  request: DefinitionRequest,
): Promise<SignedEnvelope> {
  const nonce = randomBytes(NONCE_BYTES);
  const header = headerOf(request, nonce);
  const proposal = proposalPayload(request);
  const hash = createHash('sha256')
    .update(header.getChannelHeader_asU8())
    .update(header.getSignatureHeader_asU8())
    .update(proposal)
    .digest();
  const endorsedPayload = responsePayload(hash, {
    chaincode: LIFECYCLE,
    version: 'syscc',
    response: success(new Uint8Array()),
    results: await results(request),
    event: new Uint8Array(),
  });
  const endorsed = new peer.ChaincodeEndorsedAction();
  endorsed.setProposalResponsePayload(endorsedPayload);
  endorsed.setEndorsementsList(request.endorsers.map((signer) => endorse(endorsedPayload, signer)));
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setChaincodeProposalPayload(proposal);
  actionPayload.setAction(endorsed);
  const action = new peer.TransactionAction();
  action.setHeader(header.getSignatureHeader_asU8());
  action.setPayload(actionPayload.serializeBinary());
  const transaction = new peer.Transaction();
  transaction.setActionsList([action]);
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(transaction.serializeBinary());
  const bytes = payload.serializeBinary();
  const envelope = new common.Envelope();
  envelope.setPayload(bytes);
  envelope.setSignature(request.submitter.sign(bytes));
  return {
    transactionId: transactionIdOf(nonce, request.submitter.identity),
    bytes: envelope.serializeBinary(),
  };
}
