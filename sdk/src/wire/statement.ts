/**
 * A statement of the ledger (docs/protocol.md §7.3 item 5): a flat JSON object in one form only, so that equal statements are
 * equal bytes and nobody reads one in two ways. Keys ascend, values are texts without escapes or unsigned integers, and there
 * is no space.
 */
import { WireError } from './errors.ts';
import { UINT_MAX } from './limits.ts';

/** Far above any statement. */
export const STATEMENT_BYTES = 4096;
const STATEMENT_PAIRS = 32;

/** Keys and values of a statement. */
export type Statement = ReadonlyMap<string, string | number>;

/** One `"key":value` from a place on: printable ASCII but for `"` and `\`, or a number without leading zeros. */
const PAIR =
  /"([\x20\x21\x23-\x5b\x5d-\x7e]*)":(?:"([\x20\x21\x23-\x5b\x5d-\x7e]*)"|(0|[1-9]\d{0,15}))/y;

function malformed(expected: string, at: number): WireError {
  return new WireError('STATEMENT_MALFORMED', `statement: expected ${expected} at ${at}`);
}

/**
 * @throws {@link WireError} `STATEMENT_MALFORMED`
 */
export function parseStatement(bytes: Uint8Array): Statement {
  if (bytes.length > STATEMENT_BYTES) {
    throw malformed(`at most ${STATEMENT_BYTES} bytes, got ${bytes.length}`, 0);
  }
  const text = String.fromCharCode(...bytes);
  if (!text.startsWith('{')) throw malformed('an object', 0);
  const pairs = new Map<string, string | number>();
  let before: string | null = null;
  for (let at = 1; ; at += 1) {
    const [key, value, end] = pairAt(text, at);
    if (before !== null && key <= before) throw malformed('keys in ascending order', at);
    if (pairs.size === STATEMENT_PAIRS) throw malformed(`at most ${STATEMENT_PAIRS} keys`, at);
    pairs.set(key, value);
    before = key;
    at = end;
    if (text[at] === '}' && at + 1 === text.length) return pairs;
    if (text[at] !== ',') throw malformed('a comma, or the end', at);
  }
}

function pairAt(text: string, at: number): [string, string | number, number] {
  PAIR.lastIndex = at;
  const found = PAIR.exec(text);
  if (found === null) throw malformed('a key and a text or an unsigned integer', at);
  const [, key = '', string, digits] = found;
  const value = digits === undefined ? (string ?? '') : Number(digits);
  if (typeof value === 'number' && value > UINT_MAX) throw malformed('an integer to 2^53 - 1', at);
  return [key, value, PAIR.lastIndex];
}
