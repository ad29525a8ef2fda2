/**
 * What `peer lifecycle chaincode` sends, made by the network itself: a proposal to `_lifecycle`, and the transaction of the
 * answers to it. Both are signed by an administrator and judged like any other.
 */
import { randomBytes } from 'node:crypto';

import { common, peer } from '@hyperledger/fabric-protos';
import { Timestamp } from 'google-protobuf/google/protobuf/timestamp_pb.js';

import { EmbeddedError } from './errors.ts';
import { transactionIdOf } from './ledger/transaction.ts';
import { LIFECYCLE } from './peer/lifecycle-state.ts';
import { ERROR_THRESHOLD } from './peer/responses.ts';
import type { Signer } from '../membership/signer.ts';
import { decode, required } from './wire/messages.ts';

const NONCE_BYTES = 24;

export interface LifecycleCall {
  readonly channel: string;
  /** Such as `CommitChaincodeDefinition`. */
  readonly name: string;
  /** Its one argument, serialised. */
  readonly input: Uint8Array;
  readonly submitter: Signer;
  readonly now: Date;
}

export interface LifecycleProposal {
  readonly transactionId: string;
  /** Serialised peer.SignedProposal. */
  readonly signed: Uint8Array;
  readonly header: common.Header;
  /** Serialised peer.ChaincodeProposalPayload. */
  readonly payload: Uint8Array;
  readonly submitter: Signer;
}

function identifier(): peer.ChaincodeID {
  const chaincode = new peer.ChaincodeID();
  chaincode.setName(LIFECYCLE);
  return chaincode;
}

function headerOf(call: LifecycleCall, nonce: Uint8Array): common.Header {
  const extension = new peer.ChaincodeHeaderExtension();
  extension.setChaincodeId(identifier());
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.ENDORSER_TRANSACTION);
  channelHeader.setChannelId(call.channel);
  channelHeader.setTxId(transactionIdOf(nonce, call.submitter.identity));
  channelHeader.setTimestamp(Timestamp.fromDate(call.now));
  channelHeader.setExtension$(extension.serializeBinary());
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(call.submitter.identity);
  signatureHeader.setNonce(nonce);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());
  return header;
}

function payloadOf({ name, input }: LifecycleCall): Uint8Array {
  const chaincodeInput = new peer.ChaincodeInput();
  chaincodeInput.setArgsList([Buffer.from(name), input]);
  const spec = new peer.ChaincodeSpec();
  spec.setChaincodeId(identifier());
  spec.setInput(chaincodeInput);
  const invocation = new peer.ChaincodeInvocationSpec();
  invocation.setChaincodeSpec(spec);
  const payload = new peer.ChaincodeProposalPayload();
  payload.setInput(invocation.serializeBinary());
  return payload.serializeBinary();
}

export function newLifecycleProposal(call: LifecycleCall): LifecycleProposal {
  const nonce = randomBytes(NONCE_BYTES);
  const { submitter } = call;
  const header = headerOf(call, nonce);
  const payload = payloadOf(call);
  const proposal = new peer.Proposal();
  proposal.setHeader(header.serializeBinary());
  proposal.setPayload(payload);
  const bytes = proposal.serializeBinary();
  const signed = new peer.SignedProposal();
  signed.setProposalBytes(bytes);
  signed.setSignature(submitter.sign(bytes));
  return {
    transactionId: transactionIdOf(nonce, submitter.identity),
    signed: signed.serializeBinary(),
    header,
    payload,
    submitter,
  };
}

/** @throws {@link EmbeddedError} OPTIONS_INVALID with the peer's own words when it did not endorse */
function endorsedBy(bytes: Uint8Array): peer.ProposalResponse {
  const answer = decode(peer.ProposalResponse, bytes, 'ProposalResponse');
  const response = answer.getResponse();
  if (!response || response.getStatus() >= ERROR_THRESHOLD) {
    throw new EmbeddedError('OPTIONS_INVALID', response?.getMessage() ?? 'no response of a peer');
  }
  return answer;
}

/**
 * @param answers - serialised peer.ProposalResponses, at least one.
 * @returns a serialised common.Envelope, ready to be ordered.
 */
export function newLifecycleEnvelope(
  { header, payload, submitter }: LifecycleProposal,
  answers: readonly Uint8Array[],
): Uint8Array {
  const responses = answers.map(endorsedBy);
  const endorsed = new peer.ChaincodeEndorsedAction();
  endorsed.setProposalResponsePayload(required(responses[0], 'an answer').getPayload_asU8());
  endorsed.setEndorsementsList(
    responses.map((response) => required(response.getEndorsement(), 'an endorsement')),
  );
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setChaincodeProposalPayload(payload);
  actionPayload.setAction(endorsed);
  const action = new peer.TransactionAction();
  action.setHeader(header.getSignatureHeader_asU8());
  action.setPayload(actionPayload.serializeBinary());
  const transaction = new peer.Transaction();
  transaction.setActionsList([action]);
  const body = new common.Payload();
  body.setHeader(header);
  body.setData(transaction.serializeBinary());
  const bytes = body.serializeBinary();
  const envelope = new common.Envelope();
  envelope.setPayload(bytes);
  envelope.setSignature(submitter.sign(bytes));
  return envelope.serializeBinary();
}
