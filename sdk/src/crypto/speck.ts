/**
 * SPECK with blocks of 64 and 128 bits (Beaulieu and others, IACR ePrint 2013/404). Bytes become words as in NSA's
 * implementation guide of 2019: little-endian, y before x, the first key word first. Additions, rotations and XOR only: no
 * index and no branch hangs on a secret. A word of 64 bits is two of 32, low and high.
 */
import { blockCipher, type BlockRounds } from './block-cipher.ts';
import type { BlockCipherAlgorithm } from './primitives.ts';
import { readBig32, readLittle32, swap32, writeLittle32 } from './words.ts';

/** The round keys for words of 32 bits. */
function schedule32(key: Uint8Array, rounds: number): Int32Array {
  const others = key.length / 4 - 1;
  const l = new Int32Array(others);
  for (let word = 0; word < others; word += 1) l[word] = readLittle32(key, 4 + 4 * word);
  const keys = new Int32Array(rounds);
  let k = readLittle32(key, 0);
  for (let round = 0; round < rounds; round += 1) {
    keys[round] = k;
    const x = l[round % others] as number;
    const next = (((x >>> 8) | (x << 24)) + k) ^ round;
    l[round % others] = next;
    k = ((k << 3) | (k >>> 29)) ^ next;
  }
  return keys;
}

/** Bytes of four blocks. */
const FOUR = 32;

/** 1 when the lower half of a counter overflows by a small addition, else 0. */
function carryOf(low: number, added: number): number {
  return (low & ~(low + added)) >>> 31;
}

/**
 * Counter mode with blocks of 8 bytes, four at a time in registers: alone, each step of a block waits for the one before it.
 * Rounds and bytes are written out, because both V8's loops and its budget for inlining cost a third of the speed here.
 *
 * @param high - upper half of the counter
 * @param low - lower half of the counter
 * @param end - where text ends, a multiple of four blocks
 */
function xorCounter(
  keys: Int32Array,
  high: number,
  low: number,
  text: Uint8Array,
  result: Uint8Array,
  end: number,
): void {
  for (let at = 0; at < end; at += FOUR) {
    // The counter is big-endian, the cipher's words are not: y is the swapped upper half, x the lower.
    const upper = swap32(high);
    const change = upper ^ swap32(high + 1);
    let y0 = upper;
    let x0 = swap32(low);
    let y1 = upper ^ (change & -carryOf(low, 1));
    let x1 = swap32(low + 1);
    let y2 = upper ^ (change & -carryOf(low, 2));
    let x2 = swap32(low + 2);
    let y3 = upper ^ (change & -carryOf(low, 3));
    let x3 = swap32(low + 3);
    let round = 0;
    for (; round < keys.length % 9; round += 1) {
      const k = keys[round] as number;
      x0 = (((x0 >>> 8) | (x0 << 24)) + y0) ^ k;
      y0 = ((y0 << 3) | (y0 >>> 29)) ^ x0;
      x1 = (((x1 >>> 8) | (x1 << 24)) + y1) ^ k;
      y1 = ((y1 << 3) | (y1 >>> 29)) ^ x1;
      x2 = (((x2 >>> 8) | (x2 << 24)) + y2) ^ k;
      y2 = ((y2 << 3) | (y2 >>> 29)) ^ x2;
      x3 = (((x3 >>> 8) | (x3 << 24)) + y3) ^ k;
      y3 = ((y3 << 3) | (y3 >>> 29)) ^ x3;
    }
    for (; round < keys.length; round += 9) {
      let k = keys[round] as number;
      x0 = (((x0 >>> 8) | (x0 << 24)) + y0) ^ k;
      y0 = ((y0 << 3) | (y0 >>> 29)) ^ x0;
      x1 = (((x1 >>> 8) | (x1 << 24)) + y1) ^ k;
      y1 = ((y1 << 3) | (y1 >>> 29)) ^ x1;
      x2 = (((x2 >>> 8) | (x2 << 24)) + y2) ^ k;
      y2 = ((y2 << 3) | (y2 >>> 29)) ^ x2;
      x3 = (((x3 >>> 8) | (x3 << 24)) + y3) ^ k;
      y3 = ((y3 << 3) | (y3 >>> 29)) ^ x3;
      k = keys[round + 1] as number;
      x0 = (((x0 >>> 8) | (x0 << 24)) + y0) ^ k;
      y0 = ((y0 << 3) | (y0 >>> 29)) ^ x0;
      x1 = (((x1 >>> 8) | (x1 << 24)) + y1) ^ k;
      y1 = ((y1 << 3) | (y1 >>> 29)) ^ x1;
      x2 = (((x2 >>> 8) | (x2 << 24)) + y2) ^ k;
      y2 = ((y2 << 3) | (y2 >>> 29)) ^ x2;
      x3 = (((x3 >>> 8) | (x3 << 24)) + y3) ^ k;
      y3 = ((y3 << 3) | (y3 >>> 29)) ^ x3;
      k = keys[round + 2] as number;
      x0 = (((x0 >>> 8) | (x0 << 24)) + y0) ^ k;
      y0 = ((y0 << 3) | (y0 >>> 29)) ^ x0;
      x1 = (((x1 >>> 8) | (x1 << 24)) + y1) ^ k;
      y1 = ((y1 << 3) | (y1 >>> 29)) ^ x1;
      x2 = (((x2 >>> 8) | (x2 << 24)) + y2) ^ k;
      y2 = ((y2 << 3) | (y2 >>> 29)) ^ x2;
      x3 = (((x3 >>> 8) | (x3 << 24)) + y3) ^ k;
      y3 = ((y3 << 3) | (y3 >>> 29)) ^ x3;
      k = keys[round + 3] as number;
      x0 = (((x0 >>> 8) | (x0 << 24)) + y0) ^ k;
      y0 = ((y0 << 3) | (y0 >>> 29)) ^ x0;
      x1 = (((x1 >>> 8) | (x1 << 24)) + y1) ^ k;
      y1 = ((y1 << 3) | (y1 >>> 29)) ^ x1;
      x2 = (((x2 >>> 8) | (x2 << 24)) + y2) ^ k;
      y2 = ((y2 << 3) | (y2 >>> 29)) ^ x2;
      x3 = (((x3 >>> 8) | (x3 << 24)) + y3) ^ k;
      y3 = ((y3 << 3) | (y3 >>> 29)) ^ x3;
      k = keys[round + 4] as number;
      x0 = (((x0 >>> 8) | (x0 << 24)) + y0) ^ k;
      y0 = ((y0 << 3) | (y0 >>> 29)) ^ x0;
      x1 = (((x1 >>> 8) | (x1 << 24)) + y1) ^ k;
      y1 = ((y1 << 3) | (y1 >>> 29)) ^ x1;
      x2 = (((x2 >>> 8) | (x2 << 24)) + y2) ^ k;
      y2 = ((y2 << 3) | (y2 >>> 29)) ^ x2;
      x3 = (((x3 >>> 8) | (x3 << 24)) + y3) ^ k;
      y3 = ((y3 << 3) | (y3 >>> 29)) ^ x3;
      k = keys[round + 5] as number;
      x0 = (((x0 >>> 8) | (x0 << 24)) + y0) ^ k;
      y0 = ((y0 << 3) | (y0 >>> 29)) ^ x0;
      x1 = (((x1 >>> 8) | (x1 << 24)) + y1) ^ k;
      y1 = ((y1 << 3) | (y1 >>> 29)) ^ x1;
      x2 = (((x2 >>> 8) | (x2 << 24)) + y2) ^ k;
      y2 = ((y2 << 3) | (y2 >>> 29)) ^ x2;
      x3 = (((x3 >>> 8) | (x3 << 24)) + y3) ^ k;
      y3 = ((y3 << 3) | (y3 >>> 29)) ^ x3;
      k = keys[round + 6] as number;
      x0 = (((x0 >>> 8) | (x0 << 24)) + y0) ^ k;
      y0 = ((y0 << 3) | (y0 >>> 29)) ^ x0;
      x1 = (((x1 >>> 8) | (x1 << 24)) + y1) ^ k;
      y1 = ((y1 << 3) | (y1 >>> 29)) ^ x1;
      x2 = (((x2 >>> 8) | (x2 << 24)) + y2) ^ k;
      y2 = ((y2 << 3) | (y2 >>> 29)) ^ x2;
      x3 = (((x3 >>> 8) | (x3 << 24)) + y3) ^ k;
      y3 = ((y3 << 3) | (y3 >>> 29)) ^ x3;
      k = keys[round + 7] as number;
      x0 = (((x0 >>> 8) | (x0 << 24)) + y0) ^ k;
      y0 = ((y0 << 3) | (y0 >>> 29)) ^ x0;
      x1 = (((x1 >>> 8) | (x1 << 24)) + y1) ^ k;
      y1 = ((y1 << 3) | (y1 >>> 29)) ^ x1;
      x2 = (((x2 >>> 8) | (x2 << 24)) + y2) ^ k;
      y2 = ((y2 << 3) | (y2 >>> 29)) ^ x2;
      x3 = (((x3 >>> 8) | (x3 << 24)) + y3) ^ k;
      y3 = ((y3 << 3) | (y3 >>> 29)) ^ x3;
      k = keys[round + 8] as number;
      x0 = (((x0 >>> 8) | (x0 << 24)) + y0) ^ k;
      y0 = ((y0 << 3) | (y0 >>> 29)) ^ x0;
      x1 = (((x1 >>> 8) | (x1 << 24)) + y1) ^ k;
      y1 = ((y1 << 3) | (y1 >>> 29)) ^ x1;
      x2 = (((x2 >>> 8) | (x2 << 24)) + y2) ^ k;
      y2 = ((y2 << 3) | (y2 >>> 29)) ^ x2;
      x3 = (((x3 >>> 8) | (x3 << 24)) + y3) ^ k;
      y3 = ((y3 << 3) | (y3 >>> 29)) ^ x3;
    }
    result[at] = (text[at] as number) ^ y0;
    result[at + 1] = (text[at + 1] as number) ^ (y0 >>> 8);
    result[at + 2] = (text[at + 2] as number) ^ (y0 >>> 16);
    result[at + 3] = (text[at + 3] as number) ^ (y0 >>> 24);
    result[at + 4] = (text[at + 4] as number) ^ x0;
    result[at + 5] = (text[at + 5] as number) ^ (x0 >>> 8);
    result[at + 6] = (text[at + 6] as number) ^ (x0 >>> 16);
    result[at + 7] = (text[at + 7] as number) ^ (x0 >>> 24);
    result[at + 8] = (text[at + 8] as number) ^ y1;
    result[at + 9] = (text[at + 9] as number) ^ (y1 >>> 8);
    result[at + 10] = (text[at + 10] as number) ^ (y1 >>> 16);
    result[at + 11] = (text[at + 11] as number) ^ (y1 >>> 24);
    result[at + 12] = (text[at + 12] as number) ^ x1;
    result[at + 13] = (text[at + 13] as number) ^ (x1 >>> 8);
    result[at + 14] = (text[at + 14] as number) ^ (x1 >>> 16);
    result[at + 15] = (text[at + 15] as number) ^ (x1 >>> 24);
    result[at + 16] = (text[at + 16] as number) ^ y2;
    result[at + 17] = (text[at + 17] as number) ^ (y2 >>> 8);
    result[at + 18] = (text[at + 18] as number) ^ (y2 >>> 16);
    result[at + 19] = (text[at + 19] as number) ^ (y2 >>> 24);
    result[at + 20] = (text[at + 20] as number) ^ x2;
    result[at + 21] = (text[at + 21] as number) ^ (x2 >>> 8);
    result[at + 22] = (text[at + 22] as number) ^ (x2 >>> 16);
    result[at + 23] = (text[at + 23] as number) ^ (x2 >>> 24);
    result[at + 24] = (text[at + 24] as number) ^ y3;
    result[at + 25] = (text[at + 25] as number) ^ (y3 >>> 8);
    result[at + 26] = (text[at + 26] as number) ^ (y3 >>> 16);
    result[at + 27] = (text[at + 27] as number) ^ (y3 >>> 24);
    result[at + 28] = (text[at + 28] as number) ^ x3;
    result[at + 29] = (text[at + 29] as number) ^ (x3 >>> 8);
    result[at + 30] = (text[at + 30] as number) ^ (x3 >>> 16);
    result[at + 31] = (text[at + 31] as number) ^ (x3 >>> 24);
    high = (high + carryOf(low, 4)) | 0;
    low = (low + 4) | 0;
  }
}

function rounds64(key: Uint8Array, rounds: number): BlockRounds {
  const keys = schedule32(key, rounds);

  function encryptAt(bytes: Uint8Array, at: number): void {
    let y = readLittle32(bytes, at);
    let x = readLittle32(bytes, at + 4);
    for (let round = 0; round < keys.length; round += 1) {
      x = (((x >>> 8) | (x << 24)) + y) ^ (keys[round] as number);
      y = ((y << 3) | (y >>> 29)) ^ x;
    }
    writeLittle32(bytes, at, y);
    writeLittle32(bytes, at + 4, x);
  }

  function decryptAt(bytes: Uint8Array, at: number): void {
    let y = readLittle32(bytes, at);
    let x = readLittle32(bytes, at + 4);
    for (let round = keys.length - 1; round >= 0; round -= 1) {
      y ^= x;
      y = (y >>> 3) | (y << 29);
      x = ((x ^ (keys[round] as number)) - y) | 0;
      x = (x << 8) | (x >>> 24);
    }
    writeLittle32(bytes, at, y);
    writeLittle32(bytes, at + 4, x);
  }

  function encryptCounter(counter: Uint8Array, text: Uint8Array, result: Uint8Array): void {
    const high = readBig32(counter, 0);
    const low = readBig32(counter, 4);
    const end = text.length - (text.length % FOUR);
    xorCounter(keys, high, low, text, result, end);
    if (end === text.length) return;
    const rest = new Uint8Array(FOUR);
    for (let byte = end; byte < text.length; byte += 1) rest[byte - end] = text[byte] as number;
    const past = end / 8;
    xorCounter(keys, high + carryOf(low, past), low + past, rest, rest, FOUR);
    for (let byte = end; byte < text.length; byte += 1) result[byte] = rest[byte - end] as number;
    rest.fill(0);
  }

  return { encryptAt, decryptAt, encryptCounter };
}

/** The round keys for words of 64 bits: low, high, low, high, … */
function schedule64(key: Uint8Array, rounds: number): Int32Array {
  const others = key.length / 8 - 1;
  const l = new Int32Array(2 * others);
  for (let word = 0; word < 2 * others; word += 1) l[word] = readLittle32(key, 8 + 4 * word);
  const keys = new Int32Array(2 * rounds);
  let low = readLittle32(key, 0);
  let high = readLittle32(key, 4);
  for (let round = 0; round < rounds; round += 1) {
    keys[2 * round] = low;
    keys[2 * round + 1] = high;
    const at = 2 * (round % others);
    const xLow = l[at] as number;
    const xHigh = l[at + 1] as number;
    const turned = (xLow >>> 8) | (xHigh << 24);
    const sum = (turned + low) | 0;
    const nextHigh = ((xHigh >>> 8) | (xLow << 24)) + high + carryOfSum(turned, low, sum);
    l[at] = sum ^ round;
    l[at + 1] = nextHigh;
    const kLow = ((low << 3) | (high >>> 29)) ^ sum ^ round;
    high = ((high << 3) | (low >>> 29)) ^ nextHigh;
    low = kLow;
  }
  return keys;
}

/** 1 when `left + right`, cut to 32 bits, is `sum` with a carry, else 0. */
function carryOfSum(left: number, right: number, sum: number): number {
  return ((left & right) | ((left | right) & ~sum)) >>> 31;
}

function rounds128(key: Uint8Array, rounds: number): BlockRounds {
  const keys = schedule64(key, rounds);

  function encryptAt(bytes: Uint8Array, at: number): void {
    let yLow = readLittle32(bytes, at);
    let yHigh = readLittle32(bytes, at + 4);
    let xLow = readLittle32(bytes, at + 8);
    let xHigh = readLittle32(bytes, at + 12);
    for (let round = 0; round < 2 * rounds; round += 2) {
      const turned = (xLow >>> 8) | (xHigh << 24);
      const sum = (turned + yLow) | 0;
      xHigh =
        (((xHigh >>> 8) | (xLow << 24)) + yHigh + carryOfSum(turned, yLow, sum)) ^
        (keys[round + 1] as number);
      xLow = sum ^ (keys[round] as number);
      const shifted = (yLow << 3) | (yHigh >>> 29);
      yHigh = ((yHigh << 3) | (yLow >>> 29)) ^ xHigh;
      yLow = shifted ^ xLow;
    }
    writeLittle32(bytes, at, yLow);
    writeLittle32(bytes, at + 4, yHigh);
    writeLittle32(bytes, at + 8, xLow);
    writeLittle32(bytes, at + 12, xHigh);
  }

  function decryptAt(bytes: Uint8Array, at: number): void {
    let yLow = readLittle32(bytes, at);
    let yHigh = readLittle32(bytes, at + 4);
    let xLow = readLittle32(bytes, at + 8);
    let xHigh = readLittle32(bytes, at + 12);
    for (let round = 2 * rounds - 2; round >= 0; round -= 2) {
      const low = yLow ^ xLow;
      const high = yHigh ^ xHigh;
      yLow = (low >>> 3) | (high << 29);
      yHigh = (high >>> 3) | (low << 29);
      const minuend = xLow ^ (keys[round] as number);
      const difference = (minuend - yLow) | 0;
      // What was added before had carried as much as its sum says.
      const upper =
        ((xHigh ^ (keys[round + 1] as number)) - yHigh - carryOfSum(difference, yLow, minuend)) | 0;
      xHigh = (upper << 8) | (difference >>> 24);
      xLow = (difference << 8) | (upper >>> 24);
    }
    writeLittle32(bytes, at, yLow);
    writeLittle32(bytes, at + 4, yHigh);
    writeLittle32(bytes, at + 8, xLow);
    writeLittle32(bytes, at + 12, xHigh);
  }

  return { encryptAt, decryptAt };
}

/** SPECK64/96: blocks of 8 bytes, keys of 12. */
export const speck64_96: BlockCipherAlgorithm = /* @__PURE__ */ blockCipher(12, 8, (key) =>
  rounds64(key, 26),
);

/**
 * SPECK64/128: blocks of 8 bytes, keys of 16.
 *
 * @example
 * One block. Longer messages need a mode: `eax`, `ctr`, `cmac`.
 *
 * ```ts
 * import { speck64_128 } from '@lamplighter/sdk/crypto/speck';
 *
 * const cipher = speck64_128(key);
 * const same = cipher.decrypt(cipher.encrypt(block));
 * ```
 */
export const speck64_128: BlockCipherAlgorithm = /* @__PURE__ */ blockCipher(16, 8, (key) =>
  rounds64(key, 27),
);

/** SPECK128/128: blocks of 16 bytes, keys of 16. */
export const speck128_128: BlockCipherAlgorithm = /* @__PURE__ */ blockCipher(16, 16, (key) =>
  rounds128(key, 32),
);

/** SPECK128/192: blocks of 16 bytes, keys of 24. */
export const speck128_192: BlockCipherAlgorithm = /* @__PURE__ */ blockCipher(24, 16, (key) =>
  rounds128(key, 33),
);

/** SPECK128/256: blocks of 16 bytes, keys of 32. */
export const speck128_256: BlockCipherAlgorithm = /* @__PURE__ */ blockCipher(32, 16, (key) =>
  rounds128(key, 34),
);
