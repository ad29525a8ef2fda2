/**
 * The assignment of docs/protocol.md §2.2: a device's whole relation to one manager for one epoch, as the vendor signs it.
 * Checked here is all that the object says of itself; whom it is for and who signed it is checked in protocol/enrolment.ts.
 */
import { decodeCbor, encodeCbor } from './cbor.ts';
import { WireError } from './errors.ts';
import { CHAIN_LENGTH_LEAST, CHAIN_LENGTH_MOST } from './limits.ts';
import { bytes, codec, id, list, oneOf, row, textOf, u32, uint, uintIn } from './shapes.ts';
import { writeShape } from './shapes.ts';

/** Class of a device: 0 end node (E), 1 lightweight end node (L). */
export type DeviceClass = 0 | 1;

/** How M proves itself (§3.3): 1 signature, 2 hash chain, 3 hash-based signature. */
export type ManagerProof = 1 | 2 | 3;

export interface Assignment {
  readonly version: 1;
  readonly idD: string;
  readonly serial: number;
  /** 0 assign, 1 retire. */
  readonly op: 0 | 1;
  readonly idM: string;
  /** The kid before this one, 16 bytes, or empty for the first. */
  readonly prevKid: Uint8Array;
  /** 16 random bytes that name the device on the wire. */
  readonly kid: Uint8Array;
  readonly suite: number;
  readonly epoch: number;
  readonly class: DeviceClass;
  readonly mauth: ManagerProof;
  /** Ed25519 key of M, encoded {@link ChainKey}, or HSS public key, by `mauth`. */
  readonly mkey: Uint8Array;
  /** Ed25519 key of an end node, or empty. */
  readonly dkey: Uint8Array;
  /** One to eight ws:// or wss:// URLs with a path. */
  readonly endpoints: readonly string[];
}

/** `mkey` of mauth 2: length and first value of the chain (§3.3). */
export interface ChainKey {
  readonly length: number;
  readonly anchor: Uint8Array;
}

const assignment = row<Assignment>({
  version: oneOf(1),
  idD: id,
  serial: uint,
  op: oneOf(0, 1),
  idM: id,
  prevKid: bytes(16, 0),
  kid: bytes(16),
  suite: uint,
  epoch: u32,
  class: oneOf(0, 1),
  mauth: oneOf(1, 2, 3),
  mkey: bytes(),
  dkey: bytes(32, 0),
  endpoints: list(
    textOf(/^wss?:\/\/[^/?#\s]+\/[!-~]*$/, 'a ws:// or wss:// URL with a path'),
    1,
    8,
  ),
});

const chainKey = codec(
  row<ChainKey>({
    length: uintIn(CHAIN_LENGTH_LEAST, CHAIN_LENGTH_MOST),
    anchor: bytes(32),
  }),
  'chain-key',
);

/** @throws {@link RangeError} when a field is not as the CDDL says */
export const encodeChainKey = chainKey.encode;

/** @throws {@link WireError} when the bytes are not a chain-key, or its length is out of bounds (§8) */
export const decodeChainKey = chainKey.decode;

const ED25519_KEY_BYTES = 32;
const HSS_PUBLIC_KEY_BYTES = 52;

/** Class, proof and keys have to fit one another (§2.2, §3.3). */
function checkKeys(value: Assignment): void {
  const refuse = (expected: string): never => {
    throw new WireError('WIRE_SHAPE', `assignment: expected ${expected}`);
  };
  if ((value.class === 0) !== (value.mauth === 1)) {
    refuse('mauth 1 for an end node, 2 or 3 for a lightweight one');
  }
  if (value.class === 1 && value.dkey.length > 0) refuse('no device key in a lightweight node');
  if (value.mauth === 2) decodeChainKey(value.mkey);
  else {
    const length = value.mauth === 1 ? ED25519_KEY_BYTES : HSS_PUBLIC_KEY_BYTES;
    if (value.mkey.length !== length) refuse(`mkey of ${length} bytes, got ${value.mkey.length}`);
  }
}

/**
 * @returns the payload that the vendor signs
 * @throws {@link RangeError} when a field is not as §2.2 says
 */
export function encodeAssignment(value: Assignment): Uint8Array {
  const payload = encodeCbor(writeShape(assignment, value, 'assignment'));
  try {
    checkKeys(value);
  } catch (error) {
    throw new RangeError('assignment: class, mauth and keys do not fit', { cause: error });
  }
  return payload;
}

/** @throws {@link WireError} when the payload is not as §2.2 says */
export function decodeAssignment(payload: Uint8Array): Assignment {
  const value = assignment.read(decodeCbor(payload), 'assignment');
  checkKeys(value);
  return value;
}
