/** A client's proposal, taken apart and checked as Fabric's endorser does (core/endorser/msgvalidation). */
import { createHash } from 'node:crypto';

import { common, peer } from '@hyperledger/fabric-protos';

import { BoundedCache } from '../bounded-cache.ts';
import { EmbeddedError } from '../errors.ts';
import { transactionIdOf } from '../ledger/transaction.ts';
import { lengthDelimited } from '../wire/fields.ts';
import { decode, required } from '../wire/messages.ts';

export interface Proposal {
  /** Serialised peer.SignedProposal, as it came. */
  readonly message: Uint8Array;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
  /** '' for questions to the peer itself. */
  readonly channelId: string;
  readonly transactionId: string;
  readonly creator: Uint8Array;
  readonly chaincode: string;
  readonly input: peer.ChaincodeInput;
  /** What endorsers sign for the proposal: transient data is outside. */
  readonly hash: Uint8Array;
}

function malformed(message: string): EmbeddedError {
  return new EmbeddedError('MESSAGE_MALFORMED', message);
}

function assertHeaders(channel: common.ChannelHeader, signature: common.SignatureHeader): void {
  const { ENDORSER_TRANSACTION, CONFIG } = common.HeaderType;
  const type = channel.getType();
  const nonce = signature.getNonce_asU8();
  const creator = signature.getCreator_asU8();
  if (type !== ENDORSER_TRANSACTION && type !== CONFIG) {
    throw malformed(`error validating proposal: invalid header type ${type}`);
  }
  if (channel.getEpoch() !== 0) {
    throw malformed('error validating proposal: epoch is non-zero');
  }
  if (nonce.length === 0 || creator.length === 0) {
    throw malformed('error validating proposal: nonce or creator is empty');
  }
  const expected = transactionIdOf(nonce, creator);
  if (channel.getTxId() !== expected) {
    throw malformed(
      `error validating proposal: incorrectly computed txid '${channel.getTxId()}' -- expected '${expected}'`,
    );
  }
}

function chaincodeNameOf(channel: common.ChannelHeader): string {
  const extension = decode(
    peer.ChaincodeHeaderExtension,
    channel.getExtension_asU8(),
    'ChaincodeHeaderExtension',
  );
  const name = extension.getChaincodeId()?.getName() ?? '';
  if (name === '') {
    throw malformed('expected a chaincode name in the ChaincodeHeaderExtension, got none');
  }
  return name;
}

function inputOf(payload: peer.ChaincodeProposalPayload): peer.ChaincodeInput {
  const invocation = decode(
    peer.ChaincodeInvocationSpec,
    payload.getInput_asU8(),
    'ChaincodeInvocationSpec',
  );
  const spec = required(invocation.getChaincodeSpec(), 'a chaincode spec in the invocation');
  return required(spec.getInput(), 'an input in the chaincode spec');
}

/** Proposals that the peers of one process get at about the same time; large ones are read by each. */
const READ_LATELY = 256;
const LARGE_BYTES = 16_384;
const SIGNATURE_BYTES = 64;
const readLately = new BoundedCache<
  string,
  { readonly message: Uint8Array; readonly proposal: Proposal }
>(READ_LATELY);

/**
 * A pure function of the bytes, so the peers of one process share what the first of them has read. What it gives must not be
 * changed.
 *
 * @throws {@link EmbeddedError} MESSAGE_MALFORMED
 */
export function readProposal(message: Uint8Array): Proposal {
  if (message.length > LARGE_BYTES) {
    return parseProposal(message);
  }
  // The signature is at the end: no two proposals of honest clients end alike, and for the others all bytes are compared.
  const end = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
    .subarray(-SIGNATURE_BYTES)
    .toString('latin1');
  const known = readLately.get(end);
  if (known && Buffer.compare(known.message, message) === 0) {
    return known.proposal;
  }
  const proposal = parseProposal(message);
  readLately.set(end, { message, proposal });
  return proposal;
}

function parseProposal(message: Uint8Array): Proposal {
  const signed = decode(peer.SignedProposal, message, 'SignedProposal');
  const bytes = signed.getProposalBytes_asU8();
  const proposal = decode(peer.Proposal, bytes, 'Proposal');
  const header = decode(common.Header, proposal.getHeader_asU8(), 'Header');
  const channel = decode(common.ChannelHeader, header.getChannelHeader_asU8(), 'ChannelHeader');
  const signature = decode(
    common.SignatureHeader,
    header.getSignatureHeader_asU8(),
    'SignatureHeader',
  );
  const chaincode = chaincodeNameOf(channel);
  const payload = decode(
    peer.ChaincodeProposalPayload,
    proposal.getPayload_asU8(),
    'ChaincodeProposalPayload',
  );
  const input = inputOf(payload);
  assertHeaders(channel, signature);
  return {
    message,
    bytes,
    signature: signed.getSignature_asU8(),
    channelId: channel.getChannelId(),
    transactionId: channel.getTxId(),
    creator: signature.getCreator_asU8(),
    chaincode,
    input,
    hash: createHash('sha256')
      .update(header.getChannelHeader_asU8())
      .update(header.getSignatureHeader_asU8())
      .update(lengthDelimited(1, payload.getInput_asU8()))
      .digest(),
  };
}
