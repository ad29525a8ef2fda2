/**
 * Assignment hand-over (protocol §2.2): what the vendor gives the manager of a device once AssignDevice stands on the
 * ledger: envelope and psk, sealed to the manager's `sealingKey` and signed by the vendor's release key.
 * `GET {vendor url}/v1/assignments/{device}/{serial}`. Fresh by serial and by the digest on the ledger.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

import { decodeSigned, encodeCbor, type Intervals } from '@lamplighter/sdk/wire';

import { ExchangeError } from './exchange-error.ts';
import { encapsulatedKey, seal, unseal, type SealingContext } from './sealing.ts';
import { Fields } from './shape.ts';
import { signMessage, splitMessage, verifyMessage } from './signed-message.ts';

/** Kids a device had before the present one, that are kept for it at most. */
export const FORMER_KIDS = 32;
const KID_BYTES = 16;

/** Whose hand-over it is. */
export interface HandOverSubject {
  readonly vendor: string;
  readonly manager: string;
  readonly device: string;
  readonly serial: number;
}

/** What is sealed; intervals in seconds are those the device was provisioned with. */
export interface HandOver extends Intervals {
  /** `signed` assignment (§7.1). */
  readonly envelope: Uint8Array;
  /** 32 bytes. */
  readonly psk: Uint8Array;
  /** Kids of the assignments before, newest first, up to {@link FORMER_KIDS}: the device may hold any of them (§2.3). */
  readonly formerKids: readonly Uint8Array[];
}

/** Vendor. @param keys.sealingKey the manager's, from the ledger; keys.releaseKey own Ed25519 seed */
export async function sealHandOver(
  subject: HandOverSubject,
  handOver: HandOver,
  keys: { readonly sealingKey: Uint8Array; readonly releaseKey: Uint8Array },
): Promise<Uint8Array> {
  const { envelope, psk, fti, rti, uti, formerKids } = handOver;
  const text = encodeCbor([1, envelope, psk, fti, rti, uti, formerKids.slice(0, FORMER_KIDS)]);
  const sealed = await seal(contextOf(subject), keys.sealingKey, text);
  const { vendor, manager, device, serial } = subject;
  const payload = encodeCbor([1, vendor, manager, device, serial, sealed.enc, sealed.ciphertext]);
  return signMessage('assignment', payload, keys.releaseKey);
}

/** What the manager knows before it opens a hand-over, all from the ledger but its own key. */
export interface HandOverExpectation extends HandOverSubject {
  /** X25519 secret, 32 bytes, or RSA as PKCS#8. */
  readonly sealingSecretKey: Uint8Array;
  /** The vendor's release key. */
  readonly vendorKey: Uint8Array;
  /** SHA-256 of the assignment payload: AssignmentReference.digest, 32 bytes. */
  readonly digest: Uint8Array;
}

/**
 * Manager: signature of the vendor, subject, seal and ledger digest, in this order. The signature inside the envelope is
 * the device's to check; a manager checks it with `verifyEnvelope` when it is alg 1.
 *
 * @throws {@link ExchangeError} EXCHANGE_MALFORMED, EXCHANGE_BAD_SIGNATURE, EXCHANGE_WRONG_RECIPIENT,
 *   EXCHANGE_MISMATCH, EXCHANGE_UNSEALING_FAILED, EXCHANGE_DIGEST_MISMATCH
 */
export async function openHandOver(
  bytes: Uint8Array,
  expected: HandOverExpectation,
): Promise<HandOver> {
  const message = splitMessage('assignment', bytes, readOuter);
  const outer = verifyMessage('assignment', message, expected.vendorKey);
  requireSubject(outer.subject, expected);
  const text = await unseal(contextOf(outer.subject), expected.sealingSecretKey, outer);
  const handOver = readInner(text);
  requireDigest(expected.device, handOver.envelope, expected.digest);
  return handOver;
}

/**
 * The assignment in an envelope is the one that the ledger names.
 *
 * @throws {@link ExchangeError} EXCHANGE_MALFORMED, EXCHANGE_DIGEST_MISMATCH
 */
export function requireDigest(device: string, envelope: Uint8Array, digest: Uint8Array): void {
  const payload = payloadOf(envelope);
  if (timingSafeEqual(createHash('sha256').update(payload).digest(), digest)) return;
  throw new ExchangeError(
    'EXCHANGE_DIGEST_MISMATCH',
    `assignment of ${device} is not the one on the ledger`,
  );
}

interface Outer {
  readonly subject: HandOverSubject;
  readonly enc: Uint8Array;
  readonly ciphertext: Uint8Array;
}

function readOuter(payload: Uint8Array): Outer {
  const fields = Fields.versioned('hand-over', payload, 7);
  const subject = {
    vendor: fields.id(1),
    manager: fields.id(2),
    device: fields.id(3),
    serial: fields.uint(4),
  };
  return { subject, enc: encapsulatedKey(fields, 5), ciphertext: fields.bytes(6) };
}

function readInner(text: Uint8Array): HandOver {
  const fields = Fields.versioned('hand-over text', text, 7);
  return {
    envelope: fields.bytes(1),
    psk: fields.bytes(2, 32),
    fti: fields.uint(3, 2_592_000),
    rti: fields.uint(4, 86_400),
    uti: fields.uint(5, 31_536_000),
    formerKids: fields.byteStrings(6, FORMER_KIDS, KID_BYTES),
  };
}

function requireSubject(named: HandOverSubject, expected: HandOverSubject): void {
  if (named.manager !== expected.manager) {
    throw new ExchangeError(
      'EXCHANGE_WRONG_RECIPIENT',
      `hand-over made for "${named.manager}", received by "${expected.manager}"`,
    );
  }
  const same =
    named.vendor === expected.vendor &&
    named.device === expected.device &&
    named.serial === expected.serial;
  if (!same) {
    throw new ExchangeError(
      'EXCHANGE_MISMATCH',
      `hand-over of ${named.device}/${named.serial}, asked for ${expected.device}/${expected.serial}`,
    );
  }
}

function payloadOf(envelope: Uint8Array): Uint8Array {
  try {
    return decodeSigned(envelope).payload;
  } catch (error) {
    throw new ExchangeError('EXCHANGE_MALFORMED', 'the envelope of an assignment does not decode', {
      cause: error,
    });
  }
}

function contextOf(subject: HandOverSubject): SealingContext {
  return {
    purpose: 'assignment',
    sender: subject.vendor,
    recipient: subject.manager,
    associated: encodeCbor([subject.device, subject.serial]),
  };
}
