/**
 * The validator set of docs/protocol.md §7.3: whose peers' answers count, with how many shares. What is signed and hashed
 * are its bytes, so a set has one form: entries ascend, by MSP id and then by certificate, and all that §7.3 weighs by is
 * checked here.
 */
import { decodeCbor, encodeCbor } from './cbor.ts';
import { WireError } from './errors.ts';
import { UINT_MAX } from './limits.ts';
import { bytes, list, row, textOf, uint, uintIn, writeShape } from './shapes.ts';

/** Entries of one set. */
export const VALIDATORS_MOST = 64;

/** One peer certificate of an organisation. */
export interface Validator {
  /** MSP id of its organisation. */
  readonly mspId: string;
  /** SHA-256 of the certificate's DER, 32 bytes. */
  readonly cert: Uint8Array;
  /** Its P-256 key, uncompressed, 65 bytes. */
  readonly key: Uint8Array;
  /** Shares of the organisation: the same in all of its entries, and counted once. */
  readonly shares: number;
}

export interface ValidatorSet {
  /** Counts the changes of the set, not elections. */
  readonly epoch: number;
  /** More than num/den of `total` has to agree: at least one half. */
  readonly num: number;
  readonly den: number;
  /** What the shares are a part of; those without voice are in it. */
  readonly total: number;
  readonly validators: readonly Validator[];
}

const validatorSet = row<ValidatorSet>({
  epoch: uint,
  num: uintIn(1, UINT_MAX),
  den: uintIn(1, UINT_MAX),
  total: uintIn(1, UINT_MAX),
  validators: list(
    row<Validator>({
      mspId: textOf(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'an MSP id'),
      cert: bytes(32),
      key: bytes(65),
      shares: uintIn(1, UINT_MAX),
    }),
    1,
    VALIDATORS_MOST,
  ),
});

/** The order of entries: negative when `left` comes first, 0 for the same certificate. */
export function compareValidators(left: Validator, right: Validator): number {
  if (left.mspId !== right.mspId) return left.mspId < right.mspId ? -1 : 1;
  const at = left.cert.findIndex((byte, index) => byte !== right.cert[index]);
  return at === -1 ? 0 : (left.cert[at] ?? 0) - (right.cert[at] ?? 0);
}

/** Shares by organisation, each organisation once. */
export function sharesOfOrganisations({ validators }: ValidatorSet): ReadonlyMap<string, number> {
  return new Map(validators.map(({ mspId, shares }) => [mspId, shares]));
}

/** Whether these shares decide: more than num/den of the total (§7.3). */
export function decidesInSet({ num, den, total }: ValidatorSet, shares: number): boolean {
  return BigInt(shares) * BigInt(den) > BigInt(num) * BigInt(total);
}

function checkSet(set: ValidatorSet): void {
  const refuse = (expected: string): never => {
    throw new WireError('WIRE_SHAPE', `validator set: expected ${expected}`);
  };
  const { num, den, total, validators } = set;
  // Exact for every uint: den - num is one, and 2 * num might not be.
  if (num > den || num < den - num) refuse('a threshold from 1/2 to 1');
  const shares = sharesOfOrganisations(set);
  validators.forEach((validator, index) => {
    const before = validators[index - 1];
    if (before !== undefined && compareValidators(before, validator) >= 0) {
      refuse('entries in ascending order, each once');
    }
    if (shares.get(validator.mspId) !== validator.shares) {
      refuse('the same shares in all entries of an organisation');
    }
  });
  const held = [...shares.values()].reduce((sum, each) => sum + BigInt(each), 0n);
  if (held > BigInt(total)) refuse(`at most ${total} shares together, got ${held}`);
}

/** @throws {@link RangeError} when a field, the order or the shares are not as above */
export function encodeValidatorSet(value: ValidatorSet): Uint8Array {
  const encoded = encodeCbor(writeShape(validatorSet, value, 'validator set'));
  try {
    checkSet(value);
  } catch (error) {
    throw new RangeError('validator set: order, threshold and shares do not fit', { cause: error });
  }
  return encoded;
}

/** @throws {@link WireError} when the bytes are not a set */
export function decodeValidatorSet(encoded: Uint8Array): ValidatorSet {
  const value = validatorSet.read(decodeCbor(encoded), 'validator set');
  checkSet(value);
  return value;
}
