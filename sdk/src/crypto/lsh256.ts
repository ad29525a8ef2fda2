/**
 * LSH-256-224 and LSH-256-256 (KS X 3262): 32-bit words, little-endian, blocks of 128 bytes, 26 steps. Additions, rotations and
 * exclusive-or only; no table is read at a secret place.
 */
import { lsh, SCHEDULE, WORD_PERMUTATION } from './lsh.ts';
import type { Hash } from './primitives.ts';
import { readLittle32 } from './words.ts';

const WORDS = 16;
const STEPS = 26;
/** γ: by how much each right word is rotated last. */
const GAMMA = Uint8Array.of(0, 8, 16, 24, 24, 16, 8, 0);
const FIRST_CONSTANTS = Int32Array.of(
  0x917caf90,
  0x6c1b10a2,
  0x6f352943,
  0xcf778243,
  0x2ceb7472,
  0x29e96ff2,
  0x8a9ba428,
  0x2eeb2642,
);

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** SC: eight words a step, each the one of the step before plus itself rotated by 8. */
function stepConstants(): Int32Array {
  const constants = new Int32Array(8 * STEPS);
  constants.set(FIRST_CONSTANTS);
  for (let at = 8; at < constants.length; at += 1) {
    const before = constants[at - 8] as number;
    constants[at] = before + rotate(before, 8);
  }
  return constants;
}

const CONSTANTS = stepConstants();

// One block at a time, and nothing waits in between: scratch that is empty again when a block is done.
const mixed = new Int32Array(WORDS);
const messages = [new Int32Array(WORDS), new Int32Array(WORDS)] as const;

function load(words: Int32Array, bytes: Uint8Array, from: number): void {
  for (let word = 0, at = from; word < WORDS; word += 1, at += 4) {
    words[word] = readLittle32(bytes, at);
  }
}

/** The sub-message after the next takes the place of the one that was used. */
function expand(used: Int32Array, next: Int32Array): void {
  for (let word = 0; word < WORDS; word += 1)
    mixed[word] = (next[word] as number) + (used[SCHEDULE[word] as number] as number);
  used.set(mixed);
}

function mix(chaining: Int32Array, step: number): void {
  const even = step % 2 === 0;
  const alpha = even ? 29 : 5;
  const beta = even ? 1 : 17;
  for (let word = 0; word < 8; word += 1) {
    const right = mixed[word + 8] as number;
    const added =
      rotate(((mixed[word] as number) + right) | 0, alpha) ^ (CONSTANTS[8 * step + word] as number);
    const turned = rotate((right + added) | 0, beta);
    mixed[word] = added + turned;
    mixed[word + 8] = rotate(turned, GAMMA[word] as number);
  }
  for (let word = 0; word < WORDS; word += 1)
    chaining[word] = mixed[WORD_PERMUTATION[word] as number] as number;
}

function compress(chaining: Int32Array, bytes: Uint8Array, at: number): void {
  load(messages[0], bytes, at);
  load(messages[1], bytes, at + 64);
  for (let step = 0; step < STEPS; step += 1) {
    const used = messages[step % 2 === 0 ? 0 : 1];
    for (let word = 0; word < WORDS; word += 1)
      mixed[word] = (chaining[word] as number) ^ (used[word] as number);
    mix(chaining, step);
    expand(used, messages[step % 2 === 0 ? 1 : 0]);
  }
  for (let word = 0; word < WORDS; word += 1)
    chaining[word] = (chaining[word] as number) ^ (messages[0][word] as number);
  mixed.fill(0);
  messages[0].fill(0);
  messages[1].fill(0);
}

/**
 * LSH-256-224, 28 bytes.
 *
 * @throws {@link TypeError} when the message is no Uint8Array
 * @example
 * The digest of a message.
 * ```ts
 * const digest = lsh256_224(message);
 * ```
 */
export const lsh256_224: Hash = lsh(32, 224, compress);

/**
 * LSH-256-256, 32 bytes.
 *
 * @throws {@link TypeError} when the message is no Uint8Array
 * @example
 * The digest of a message.
 * ```ts
 * const digest = lsh256_256(message);
 * ```
 */
export const lsh256_256: Hash = lsh(32, 256, compress);
