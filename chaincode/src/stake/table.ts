/**
 * The stake table: one small key of canonical JSON that every peer reads before it judges a transaction (design §5). Reading
 * is strict, so that a reader in another language can not see another table in the same bytes: only what
 * {@link encodeStakeTable} writes is a table at all.
 *
 * Shares are decimal strings from 0 to 2^64 - 1, since JSON's numbers lose digits above 2^53; coin ages may be negative.
 */
import { sortKeys } from '../canonical-json.ts';

/** Under this key the table stands, in the namespace of the chaincode. */
export const STAKE_TABLE_KEY = 'stake:table';
/** All keys of the contract Stake start so. */
export const STAKE_PREFIX = 'stake:';

export const MAXIMUM_ORGANISATIONS = 64;
export const MAXIMUM_SHARES = 2n ** 64n - 1n;
/** Bytes; 64 organisations with the longest of everything need less. */
const MAXIMUM_BYTES = 32_768;

export interface Fraction {
  readonly num: bigint;
  readonly den: bigint;
}

export interface StakeHolder {
  readonly mspId: string;
  readonly shares: bigint;
  /** What it has earned and not yet used by turns, in shares times epochs. */
  readonly coinAge: bigint;
  /** Convicted, or sentenced: its endorsements do not count until a stake majority lifts it. */
  readonly barred: boolean;
  /** Skipped as validator and not back yet: it endorses, but has no turns and earns no coin age. */
  readonly absent: boolean;
  /** How often it was skipped. */
  readonly skips: number;
}

export interface StakeTable {
  /** Shares ever issued and not re-issued: burned ones are still in it. */
  readonly issued: bigint;
  /** Endorsing shares must be more than this part of the issued ones: at least one half, or two could decide apart. */
  readonly threshold: Fraction;
  /** No purchase may bring an organisation to this part of the issued shares: at most one half. */
  readonly cap: Fraction;
  /** Seconds of transaction time. */
  readonly epochSeconds: number;
  /** Of the last election; 0 before the first. */
  readonly epoch: number;
  /** MSP id, or empty when there is none to elect. */
  readonly validator: string;
  /** The validator of the election before, unless it was skipped; else empty. */
  readonly previous: string;
  /** In ascending order of MSP id. */
  readonly organisations: readonly StakeHolder[];
}

const MSP_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const NATURAL = /^(0|[1-9][0-9]{0,19})$/;
const INTEGER = /^(0|-?[1-9][0-9]{0,26})$/;

/** Whether a text can name an organisation in the table: nothing that JSON would have to escape. */
export function isMspId(text: string): boolean {
  return MSP_ID.test(text);
}

/** The canonical JSON of a table. */
export function stakeTableText(table: StakeTable): string {
  const fraction = ({ num, den }: Fraction): object => ({ num: String(num), den: String(den) });
  return JSON.stringify(
    sortKeys({
      docType: 'stakeTable',
      schema: 1,
      issued: String(table.issued),
      threshold: fraction(table.threshold),
      cap: fraction(table.cap),
      epochSeconds: table.epochSeconds,
      epoch: table.epoch,
      validator: table.validator,
      previous: table.previous,
      organisations: table.organisations.map((holder) => ({
        ...holder,
        shares: String(holder.shares),
        coinAge: String(holder.coinAge),
      })),
    }),
  );
}

export function encodeStakeTable(table: StakeTable): Uint8Array {
  return Buffer.from(stakeTableText(table), 'utf8');
}

/** @returns null for anything that {@link encodeStakeTable} does not write, byte for byte. */
export function decodeStakeTable(bytes: Uint8Array): StakeTable | null {
  if (bytes.length > MAXIMUM_BYTES) return null;
  const text = Buffer.from(bytes).toString('latin1');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const table = tableOf(value);
  return table !== null && isConsistent(table) && stakeTableText(table) === text ? table : null;
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function matching(value: unknown, pattern: RegExp): string | null {
  return typeof value === 'string' && pattern.test(value) ? value : null;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function sharesOf(value: unknown): bigint | null {
  const digits = matching(value, NATURAL);
  const shares = digits === null ? null : BigInt(digits);
  return shares !== null && shares <= MAXIMUM_SHARES ? shares : null;
}

function fractionOf(value: unknown): Fraction | null {
  if (!isFields(value)) return null;
  const num = sharesOf(value['num']);
  const den = sharesOf(value['den']);
  return num !== null && den !== null && num < den ? { num, den } : null;
}

function holderOf(value: unknown): StakeHolder | null {
  if (!isFields(value)) return null;
  const { barred, absent, skips } = value;
  const mspId = matching(value['mspId'], MSP_ID);
  const shares = sharesOf(value['shares']);
  const coinAge = matching(value['coinAge'], INTEGER);
  if (mspId === null || shares === null || coinAge === null) return null;
  if (typeof barred !== 'boolean' || typeof absent !== 'boolean' || !isCount(skips)) return null;
  return { mspId, shares, coinAge: BigInt(coinAge), barred, absent, skips };
}

function holdersOf(value: unknown): readonly StakeHolder[] | null {
  if (!Array.isArray(value) || value.length > MAXIMUM_ORGANISATIONS) return null;
  const holders = value.map(holderOf).filter((holder) => holder !== null);
  return holders.length === value.length ? holders : null;
}

/** The types only: names that are too many, and their order, show when the table is written again. */
function tableOf(value: unknown): StakeTable | null {
  if (!isFields(value)) return null;
  const { epochSeconds, epoch, validator, previous } = value;
  const issued = sharesOf(value['issued']);
  const threshold = fractionOf(value['threshold']);
  const cap = fractionOf(value['cap']);
  const organisations = holdersOf(value['organisations']);
  if (issued === null || threshold === null || cap === null || organisations === null) return null;
  if (!isCount(epochSeconds) || !isCount(epoch)) return null;
  if (typeof validator !== 'string' || typeof previous !== 'string') return null;
  return { issued, threshold, cap, epochSeconds, epoch, validator, previous, organisations };
}

/** What holds of every table that the contract writes. */
function isConsistent(table: StakeTable): boolean {
  const { issued, threshold, cap, epochSeconds, validator, previous, organisations } = table;
  const names = organisations.map(({ mspId }) => mspId);
  const held = organisations.reduce((sum, { shares }) => sum + shares, 0n);
  return (
    epochSeconds > 0 &&
    held <= issued &&
    2n * threshold.num >= threshold.den &&
    cap.num > 0n &&
    2n * cap.num <= cap.den &&
    names.every((name, index) => index === 0 || String(names[index - 1]) < name) &&
    [validator, previous].every((name) => name === '' || names.includes(name))
  );
}
