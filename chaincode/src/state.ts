/**
 * The world state as records: canonical JSON in, records out. Transactions that write read single keys only, so that all
 * they depend on is in the read set; ranges and histories are for queries.
 */
import type { Context } from 'fabric-contract-api';
import { decodeJson, encodeJson } from './canonical-json.ts';
import { ContractError, type ContractErrorCode } from './errors.ts';
import { endOf } from './keys.ts';
import type { ContractEvents, HistoryEntry, Page } from './records.ts';

const MILLISECONDS = 1000;
const NANOSECONDS_A_MILLISECOND = 1_000_000;
/** 9999-12-31T23:59:59Z, the last second that ISO 8601 writes with four digits of year. */
const LAST_SECOND = 253_402_300_799;
/** Entries of one history in one answer. */
const HISTORY_ENTRIES = 1000;
/** Keys that one page looks at, at most. */
const KEYS_A_PAGE = 5000;
/** What an index key holds: all it says is in the key. */
const INDEX_ENTRY = { docType: 'index', schema: 1 };

interface LedgerTime {
  /** A Long in a transaction, a number in a history. */
  readonly seconds: number | { toString(): string };
  readonly nanos: number;
}

function isoTime({ seconds, nanos }: LedgerTime): string {
  const whole = Number(seconds.toString());
  if (!Number.isSafeInteger(whole) || whole < 0 || whole > LAST_SECOND) {
    throw new ContractError('ARGUMENT_INVALID', `transaction time ${whole} s is out of range`);
  }
  const milliseconds = Math.floor(nanos / NANOSECONDS_A_MILLISECOND);
  return new Date(whole * MILLISECONDS + milliseconds).toISOString();
}

/** The transaction's timestamp, ISO 8601 UTC: the only time that contracts know. */
export function transactionTime(ctx: Context): string {
  return isoTime(ctx.stub.getTxTimestamp());
}

/** The transaction's timestamp in whole seconds since 1970. */
export function transactionSeconds(ctx: Context): number {
  return Number(ctx.stub.getTxTimestamp().seconds.toString());
}

/** @returns null when nothing stands under the key. T is the word of these contracts, the only writers. */
export async function readRecord<T extends object>(ctx: Context, key: string): Promise<T | null> {
  const bytes = await ctx.stub.getState(key);
  return bytes.length === 0 ? null : (decodeJson(bytes) as T);
}

/** @throws ContractError `code` when nothing stands under the key. */
export async function requireRecord<T extends object>(
  ctx: Context,
  key: string,
  code: ContractErrorCode,
): Promise<T> {
  const record = await readRecord<T>(ctx, key);
  if (record === null) throw new ContractError(code, `nothing stands under ${key}`);
  return record;
}

export async function writeRecord(ctx: Context, key: string, record: object): Promise<void> {
  await ctx.stub.putState(key, encodeJson(record));
}

export async function addIndex(ctx: Context, key: string): Promise<void> {
  await writeRecord(ctx, key, INDEX_ENTRY);
}

export async function removeIndex(ctx: Context, key: string): Promise<void> {
  await ctx.stub.deleteState(key);
}

/** The one event of a transaction. */
export function emit<Name extends keyof ContractEvents>(
  ctx: Context,
  name: Name,
  payload: ContractEvents[Name],
): void {
  ctx.stub.setEvent(name, encodeJson(payload));
}

/** Where a page starts and how long it may be. */
export interface PageRequest {
  readonly size: number;
  /** The rest of the first key after the prefix; empty for the start of the list. */
  readonly bookmark: string;
}

/**
 * A page of the keys that start with `prefix` (which ends in a colon).
 *
 * @param take makes an item of a key (what follows the prefix, split at colons) and its bytes, or null to pass it over.
 */
export async function readPage<T>(
  ctx: Context,
  prefix: string,
  request: PageRequest,
  take: (parts: readonly string[], value: Uint8Array) => T | null | Promise<T | null>,
): Promise<Page<T>> {
  const items: T[] = [];
  let seen = 0;
  for await (const [rest, value] of entriesOf(ctx, prefix, request.bookmark)) {
    if (items.length === request.size || seen === KEYS_A_PAGE) return { items, bookmark: rest };
    seen += 1;
    const item = await take(rest.split(':'), value);
    if (item !== null) items.push(item);
  }
  return { items, bookmark: '' };
}

/**
 * A second range, walked along the first one of a list: asked for ends of keys in ascending order, it tells what stands
 * under each, without a read for each.
 */
export class Alongside {
  readonly #entries: AsyncGenerator<readonly [string, Uint8Array], undefined>;
  /** The first entry not passed yet; undefined before the first step, null after the last. */
  #entry: readonly [string, Uint8Array] | null | undefined;

  /** @param from the rest of the first key after `prefix` that will be asked for, or one below it */
  constructor(ctx: Context, prefix: string, from: string) {
    this.#entries = entriesOf(ctx, prefix, from);
  }

  /** @param rest of the key after the prefix, above those asked for before. @returns null when nothing stands there */
  async at(rest: string): Promise<Uint8Array | null> {
    this.#entry = this.#entry === undefined ? await this.#step() : this.#entry;
    while (this.#entry !== null && this.#entry[0] < rest) this.#entry = await this.#step();
    return this.#entry?.[0] === rest ? this.#entry[1] : null;
  }

  /** Gives the range back, which a peer holds open until then. */
  async end(): Promise<void> {
    await this.#entries.return(undefined);
  }

  async #step(): Promise<readonly [string, Uint8Array] | null> {
    const { done, value } = await this.#entries.next();
    return done === true ? null : value;
  }
}

/** The keys under `prefix`, without it, and their values. */
async function* entriesOf(
  ctx: Context,
  prefix: string,
  from: string,
): AsyncGenerator<readonly [string, Uint8Array], undefined> {
  for await (const { key, value } of ctx.stub.getStateByRange(prefix + from, endOf(prefix))) {
    yield [key.slice(prefix.length), value];
  }
}

/** The newest entries of a key's history. */
export async function readHistory<T extends object>(
  ctx: Context,
  key: string,
): Promise<readonly HistoryEntry<T>[]> {
  const entries: HistoryEntry<T>[] = [];
  for await (const { txId, timestamp, isDelete, value } of ctx.stub.getHistoryForKey(key)) {
    entries.push({
      txId,
      time: isoTime(timestamp),
      deleted: isDelete,
      value: isDelete ? null : (decodeJson(value) as T),
    });
    if (entries.length === HISTORY_ENTRIES) break;
  }
  return entries;
}
