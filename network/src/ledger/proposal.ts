/**
 * A client's proposal and the envelope that comes of it (Fabric's protoutil). Written field by field: what a transaction is made
 * of is bytes that are signed or hashed, and each part exists once. Pure but for the nonce.
 */
import { createHash, randomBytes } from 'node:crypto';

import type { Signer } from '../membership/signer.ts';
import { lengthDelimited, varintField } from '../embedded/wire/fields.ts';
import type { ProposalAnswer } from './proposal-answer.ts';

const NONCE_BYTES = 24;
/** common.HeaderType */
const DELIVER_SEEK_INFO = 5;
const ENDORSER_TRANSACTION = 3;
/** peer.ChaincodeSpec.Type */
const NODE = 2;

export interface Invocation {
  readonly channel: string;
  readonly chaincode: string;
  /** Name of the transaction, or of a system chaincode's function, and its arguments. */
  readonly args: readonly string[];
}

export interface SignedProposal {
  /** Hex. */
  readonly transactionId: string;
  /** Serialised peer.SignedProposal. */
  readonly message: Uint8Array;
  /** Serialised common.Header. */
  readonly header: Uint8Array;
  /** Serialised common.SignatureHeader. */
  readonly signatureHeader: Uint8Array;
  /** Serialised peer.ChaincodeProposalPayload. */
  readonly payload: Uint8Array;
}

export function newProposal(invocation: Invocation, signer: Signer, now: Date): SignedProposal {
  const { channel, chaincode, args } = invocation;
  const name = lengthDelimited(2, lengthDelimited(2, Buffer.from(chaincode)));
  const headers = newHeaders(ENDORSER_TRANSACTION, channel, signer, now, lengthDelimited(7, name));
  const input = lengthDelimited(3, ...args.map((arg) => lengthDelimited(1, Buffer.from(arg))));
  const spec = lengthDelimited(1, varintField(1, NODE), name, input);
  const payload = lengthDelimited(1, spec);
  const bytes = Buffer.concat([lengthDelimited(1, headers.header), lengthDelimited(2, payload)]);
  return { ...headers, payload, message: signed(bytes, signer) };
}

/**
 * The transaction of an endorsed proposal, signed.
 *
 * @param answers - equal answers, at least one
 * @returns serialised common.Envelope
 */
export function newEnvelope(
  { header, signatureHeader, payload }: SignedProposal,
  answers: readonly ProposalAnswer[],
  signer: Signer,
): Uint8Array {
  const endorsements = answers.flatMap(({ endorsement }) =>
    endorsement === undefined
      ? []
      : [
          lengthDelimited(
            2,
            lengthDelimited(1, endorsement.endorser),
            lengthDelimited(2, endorsement.signature),
          ),
        ],
  );
  const responsePayload = lengthDelimited(1, answers[0]?.payload ?? new Uint8Array());
  const endorsed = lengthDelimited(2, responsePayload, ...endorsements);
  const action = lengthDelimited(2, lengthDelimited(1, payload), endorsed);
  const transaction = lengthDelimited(1, lengthDelimited(1, signatureHeader), action);
  return signed(withHeader(header, transaction), signer);
}

/**
 * Asks for blocks, signed.
 *
 * @param seek - serialised orderer.SeekInfo
 * @returns serialised common.Envelope
 */
export function newSeekEnvelope(
  channel: string,
  seek: Uint8Array,
  signer: Signer,
  now: Date,
): Uint8Array {
  return signed(
    withHeader(newHeaders(DELIVER_SEEK_INFO, channel, signer, now).header, seek),
    signer,
  );
}

/** common.Header with the parts that are needed again. */
function newHeaders(
  type: number,
  channel: string,
  signer: Signer,
  now: Date,
  extension: Uint8Array = new Uint8Array(),
): Pick<SignedProposal, 'transactionId' | 'header' | 'signatureHeader'> {
  const nonce = randomBytes(NONCE_BYTES);
  const transactionId = createHash('sha256').update(nonce).update(signer.identity).digest('hex');
  const seconds = Math.floor(now.getTime() / 1_000);
  const nanoseconds = (now.getTime() - seconds * 1_000) * 1_000_000;
  const channelHeader = [
    varintField(1, type),
    lengthDelimited(3, varintField(1, seconds), varintField(2, nanoseconds)),
    lengthDelimited(4, Buffer.from(channel)),
    lengthDelimited(5, Buffer.from(transactionId)),
    extension,
  ];
  const signatureHeader = Buffer.concat([
    lengthDelimited(1, signer.identity),
    lengthDelimited(2, nonce),
  ]);
  const header = [lengthDelimited(1, ...channelHeader), lengthDelimited(2, signatureHeader)];
  return { transactionId, signatureHeader, header: Buffer.concat(header) };
}

/** @returns serialised common.Payload. */
function withHeader(header: Uint8Array, data: Uint8Array): Uint8Array {
  return Buffer.concat([lengthDelimited(1, header), lengthDelimited(2, data)]);
}

/** peer.SignedProposal and common.Envelope have the same fields: content and signature. */
function signed(content: Uint8Array, signer: Signer): Uint8Array {
  return Buffer.concat([lengthDelimited(1, content), lengthDelimited(2, signer.sign(content))]);
}
