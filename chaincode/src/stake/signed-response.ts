/** One peer's signed answer to a proposal, read strictly and verified: what it read, and what it says follows from it. */
import { p256Verify } from '@lamplighter/sdk/crypto';
import { decodeProtobuf } from '@lamplighter/sdk/wire';
import { createHash, X509Certificate } from 'node:crypto';
import { encodeJson } from '../canonical-json.ts';
import {
  chaincodeAction,
  chaincodeEvent,
  keyReadWriteSet,
  readWriteSet,
  responsePayload,
  serializedIdentity,
} from './fabric-messages.ts';

const LIFECYCLE = '_lifecycle';
const UNCOMPRESSED = 0x04;

/** Fabric's bytes as the peer sent them. */
export interface ResponseBytes {
  /** ProposalResponsePayload. */
  readonly payload: Uint8Array;
  /** SerializedIdentity. */
  readonly endorser: Uint8Array;
  /** ECDSA over payload || endorser, DER. */
  readonly signature: Uint8Array;
}

export interface SignedResponse {
  readonly mspId: string;
  /** SHA-256 of the endorser's certificate (DER), hex. */
  readonly certificate: string;
  readonly proposalHash: Uint8Array;
  readonly chaincode: { readonly name: string; readonly version: string };
  /** Whether it read the sequence of the chaincode's definition. */
  readonly readDefinition: boolean;
  /** Canonical text of all reads and ranges: where it is equal, honest peers saw the same state. */
  readonly basis: string;
  /** Canonical text of writes, response and event: what follows from the basis. */
  readonly outcome: string;
}

/**
 * @throws Error with what is wrong; WireError for bytes that are not as described.
 */
export function readSignedResponse({
  payload,
  endorser,
  signature,
}: ResponseBytes): SignedResponse {
  const identity = decodeProtobuf(endorser, serializedIdentity);
  const certificate = new X509Certificate(identity.certificate);
  if (!p256Verify(pointOf(certificate), Buffer.concat([payload, endorser]), signature)) {
    throw new Error(`the signature of ${identity.mspId} is not valid (P-256, DER, low s)`);
  }
  const { proposalHash, extension } = decodeProtobuf(payload, responsePayload);
  const action = decodeProtobuf(extension, chaincodeAction);
  if (action.chaincodeId === null || action.response === null) {
    throw new Error('an answer names its chaincode and has a response');
  }
  const namespaces = decodeProtobuf(action.results, readWriteSet).namespaces.map((entry) => ({
    namespace: entry.namespace,
    ...decodeProtobuf(entry.rwset, keyReadWriteSet),
  }));
  return {
    mspId: identity.mspId,
    certificate: createHash('sha256').update(certificate.raw).digest('hex'),
    proposalHash,
    chaincode: action.chaincodeId,
    readDefinition: namespaces.some(
      ({ namespace, reads }) =>
        namespace === LIFECYCLE &&
        reads.some(({ key }) => key === definitionKey(action.chaincodeId?.name ?? '')),
    ),
    basis: canonical(
      namespaces
        .filter(({ reads, ranges }) => reads.length + ranges.length > 0)
        .map(({ namespace, reads, ranges }) => ({ namespace, reads, ranges })),
    ),
    outcome: canonical({
      writes: namespaces
        .filter(({ writes, metadataWrites }) => writes.length + metadataWrites.length > 0)
        .map(({ namespace, writes, metadataWrites }) => ({ namespace, writes, metadataWrites })),
      response: action.response,
      event: decodeProtobuf(action.events, chaincodeEvent),
    }),
  };
}

function definitionKey(chaincode: string): string {
  return `namespaces/fields/${chaincode}/Sequence`;
}

/** @throws Error when the key is not on P-256. */
function pointOf(certificate: X509Certificate): Uint8Array {
  const { crv, x, y } = certificate.publicKey.export({ format: 'jwk' });
  if (crv !== 'P-256' || x === undefined || y === undefined) {
    throw new Error('an endorser has a key on P-256');
  }
  return Buffer.concat([
    Uint8Array.of(UNCOMPRESSED),
    Buffer.from(x, 'base64url'),
    Buffer.from(y, 'base64url'),
  ]);
}

function canonical(value: object): string {
  return Buffer.from(encodeJson(plain(value) as object)).toString('utf8');
}

/** Bytes as hex and integers as decimals, so that equal values are equal texts. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}
