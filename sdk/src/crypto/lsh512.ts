/**
 * LSH-512-224, -256, -384 and -512 (KS X 3262): 64-bit words, little-endian, blocks of 256 bytes, 28 steps. A word is two
 * integers, the lower one first. Additions, rotations and exclusive-or only; no table is read at a secret place.
 */
import { lsh, SCHEDULE, WORD_PERMUTATION } from './lsh.ts';
import type { Hash } from './primitives.ts';
import { readLittle32 } from './words.ts';

const WORDS = 16;
const STEPS = 28;
/** γ: by how much each right word is rotated last. */
const GAMMA = Uint8Array.of(0, 16, 32, 48, 8, 24, 40, 56);
const FIRST_CONSTANTS = Int32Array.of(
  ...[0xc938982a, 0x97884283, 0x533e2355, 0xba1fca93, 0x7aeb1c03, 0xc519a2e8],
  ...[0x62af17b1, 0x9a0fc954, 0xb019a82b, 0xfc3dda8a, 0x9a895407, 0x02825d07],
  ...[0xee06a6f7, 0x79f2d0a7, 0xd9fdf5fe, 0xd76d15ee],
);

/** Lower half of a word rotated by up to 63; the upper one is that of the halves in the other order. */
function rotatedLow(low: number, high: number, by: number): number {
  if (by === 0 || by === 32) return by === 0 ? low : high;
  return by < 32 ? (low << by) | (high >>> (32 - by)) : (high << (by - 32)) | (low >>> (64 - by));
}

/** 1 when two lower halves whose sum is `sum` carry. */
function carry(sum: number, summand: number): number {
  return sum >>> 0 < summand >>> 0 ? 1 : 0;
}

/** SC: eight words a step, each the one of the step before plus itself rotated by 8. */
function stepConstants(): Int32Array {
  const constants = new Int32Array(16 * STEPS);
  constants.set(FIRST_CONSTANTS);
  for (let at = 16; at < constants.length; at += 2) {
    const low = constants[at - 16] as number;
    const high = constants[at - 15] as number;
    const sum = (low + rotatedLow(low, high, 8)) | 0;
    constants[at] = sum;
    constants[at + 1] = high + rotatedLow(high, low, 8) + carry(sum, low);
  }
  return constants;
}

const CONSTANTS = stepConstants();

// One block at a time, and nothing waits in between: scratch that is empty again when a block is done.
const mixed = new Int32Array(2 * WORDS);
const messages = [new Int32Array(2 * WORDS), new Int32Array(2 * WORDS)] as const;

function load(halves: Int32Array, bytes: Uint8Array, from: number): void {
  for (let half = 0, at = from; half < 2 * WORDS; half += 1, at += 4) {
    halves[half] = readLittle32(bytes, at);
  }
}

/** The sub-message after the next takes the place of the one that was used. */
function expand(used: Int32Array, next: Int32Array): void {
  for (let word = 0; word < WORDS; word += 1) {
    const from = 2 * (SCHEDULE[word] as number);
    const low = next[2 * word] as number;
    const sum = (low + (used[from] as number)) | 0;
    mixed[2 * word] = sum;
    mixed[2 * word + 1] =
      (next[2 * word + 1] as number) + (used[from + 1] as number) + carry(sum, low);
  }
  used.set(mixed);
}

function mixWord(word: number, step: number, alpha: number, beta: number): void {
  const left = 2 * word;
  const right = left + WORDS;
  const low = mixed[right] as number;
  const high = mixed[right + 1] as number;
  const sumLow = ((mixed[left] as number) + low) | 0;
  const sumHigh = ((mixed[left + 1] as number) + high + carry(sumLow, low)) | 0;
  const constant = WORDS * step + left;
  const addedLow = rotatedLow(sumLow, sumHigh, alpha) ^ (CONSTANTS[constant] as number);
  const addedHigh = rotatedLow(sumHigh, sumLow, alpha) ^ (CONSTANTS[constant + 1] as number);
  const againLow = (low + addedLow) | 0;
  const againHigh = (high + addedHigh + carry(againLow, low)) | 0;
  const turnedLow = rotatedLow(againLow, againHigh, beta);
  const turnedHigh = rotatedLow(againHigh, againLow, beta);
  const lastLow = (addedLow + turnedLow) | 0;
  mixed[left] = lastLow;
  mixed[left + 1] = addedHigh + turnedHigh + carry(lastLow, addedLow);
  mixed[right] = rotatedLow(turnedLow, turnedHigh, GAMMA[word] as number);
  mixed[right + 1] = rotatedLow(turnedHigh, turnedLow, GAMMA[word] as number);
}

function mix(chaining: Int32Array, step: number): void {
  const even = step % 2 === 0;
  for (let word = 0; word < 8; word += 1) mixWord(word, step, even ? 23 : 7, even ? 59 : 3);
  for (let word = 0; word < WORDS; word += 1) {
    const from = 2 * (WORD_PERMUTATION[word] as number);
    chaining[2 * word] = mixed[from] as number;
    chaining[2 * word + 1] = mixed[from + 1] as number;
  }
}

function compress(chaining: Int32Array, bytes: Uint8Array, at: number): void {
  load(messages[0], bytes, at);
  load(messages[1], bytes, at + 128);
  for (let step = 0; step < STEPS; step += 1) {
    const used = messages[step % 2 === 0 ? 0 : 1];
    for (let half = 0; half < 2 * WORDS; half += 1)
      mixed[half] = (chaining[half] as number) ^ (used[half] as number);
    mix(chaining, step);
    expand(used, messages[step % 2 === 0 ? 1 : 0]);
  }
  for (let half = 0; half < 2 * WORDS; half += 1)
    chaining[half] = (chaining[half] as number) ^ (messages[0][half] as number);
  mixed.fill(0);
  messages[0].fill(0);
  messages[1].fill(0);
}

/**
 * LSH-512-224, 28 bytes.
 *
 * @throws {@link TypeError} when the message is no Uint8Array
 * @example
 * The digest of a message.
 * ```ts
 * const digest = lsh512_224(message);
 * ```
 */
export const lsh512_224: Hash = lsh(64, 224, compress);

/** LSH-512-256, 32 bytes; otherwise as {@link lsh512_224}. */
export const lsh512_256: Hash = lsh(64, 256, compress);

/** LSH-512-384, 48 bytes; otherwise as {@link lsh512_224}. */
export const lsh512_384: Hash = lsh(64, 384, compress);

/** LSH-512-512, 64 bytes; otherwise as {@link lsh512_224}. */
export const lsh512_512: Hash = lsh(64, 512, compress);
