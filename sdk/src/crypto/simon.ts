/**
 * SIMON with blocks of 64 and 128 bits (Beaulieu and others, IACR ePrint 2013/404). Bytes become words as in NSA's
 * implementation guide of 2019: little-endian, y before x, the first key word first. Rotations, AND and XOR only: no index and
 * no branch hangs on a secret. A word of 64 bits is two of 32, low and high.
 */
import { blockCipher, type BlockRounds } from './block-cipher.ts';
import type { BlockCipherAlgorithm } from './primitives.ts';
import { readLittle32, writeLittle32 } from './words.ts';

/** The sequences z2, z3 and z4 of the paper's table 3.2, first bit first; each goes round after its 62 bits. */
const Z2 = '10101111011100000011010010011000101000010001111110010110110011';
const Z3 = '11011011101011000110010111100000010010001010011100110100001111';
const Z4 = '11010001111001101011011000100000010111000011001010010011101111';

/** c XOR z for the round key `words` after this one; c is all ones but for its lowest two bits. */
function constantOf(z: string, round: number): number {
  return ~3 ^ (z.charCodeAt(round % z.length) & 1);
}

/** The round keys for words of 32 bits. */
function schedule32(key: Uint8Array, rounds: number, z: string): Int32Array {
  const words = key.length / 4;
  const keys = new Int32Array(rounds);
  for (let word = 0; word < words; word += 1) keys[word] = readLittle32(key, 4 * word);
  for (let round = words; round < rounds; round += 1) {
    const last = keys[round - 1] as number;
    let mixed = (last >>> 3) | (last << 29);
    if (words === 4) mixed ^= keys[round - 3] as number;
    mixed ^= (mixed >>> 1) | (mixed << 31);
    keys[round] = (keys[round - words] as number) ^ mixed ^ constantOf(z, round - words);
  }
  return keys;
}

/** (S1 x AND S8 x) XOR S2 x, for words of 32 bits. */
function mix32(x: number): number {
  return (((x << 1) | (x >>> 31)) & ((x << 8) | (x >>> 24))) ^ ((x << 2) | (x >>> 30));
}

function rounds64(key: Uint8Array, rounds: number, z: string): BlockRounds {
  const keys = schedule32(key, rounds, z);

  // Every SIMON with this block has an even number of rounds, so two at a time need no exchange of the halves.
  function encryptAt(bytes: Uint8Array, at: number): void {
    let y = readLittle32(bytes, at);
    let x = readLittle32(bytes, at + 4);
    for (let round = 0; round < rounds; round += 2) {
      y ^= mix32(x) ^ (keys[round] as number);
      x ^= mix32(y) ^ (keys[round + 1] as number);
    }
    writeLittle32(bytes, at, y);
    writeLittle32(bytes, at + 4, x);
  }

  function decryptAt(bytes: Uint8Array, at: number): void {
    let y = readLittle32(bytes, at);
    let x = readLittle32(bytes, at + 4);
    for (let round = rounds - 2; round >= 0; round -= 2) {
      x ^= mix32(y) ^ (keys[round + 1] as number);
      y ^= mix32(x) ^ (keys[round] as number);
    }
    writeLittle32(bytes, at, y);
    writeLittle32(bytes, at + 4, x);
  }

  return { encryptAt, decryptAt };
}

/** The round keys for words of 64 bits: low, high, low, high, … */
function schedule64(key: Uint8Array, rounds: number, z: string): Int32Array {
  const words = key.length / 8;
  const keys = new Int32Array(2 * rounds);
  for (let half = 0; half < 2 * words; half += 1) keys[half] = readLittle32(key, 4 * half);
  for (let round = words; round < rounds; round += 1) {
    const at = 2 * round;
    const lastLow = keys[at - 2] as number;
    const lastHigh = keys[at - 1] as number;
    let low = (lastLow >>> 3) | (lastHigh << 29);
    let high = (lastHigh >>> 3) | (lastLow << 29);
    if (words === 4) {
      low ^= keys[at - 6] as number;
      high ^= keys[at - 5] as number;
    }
    const turned = (low >>> 1) | (high << 31);
    high ^= (high >>> 1) | (low << 31);
    low ^= turned;
    keys[at] = (keys[at - 2 * words] as number) ^ low ^ constantOf(z, round - words);
    keys[at + 1] = ~((keys[at + 1 - 2 * words] as number) ^ high);
  }
  return keys;
}

/** One half of (S1 x AND S8 x) XOR S2 x for words of 64 bits: the half that `near` is, `far` being the other. */
function mix64(near: number, far: number): number {
  return (
    (((near << 1) | (far >>> 31)) & ((near << 8) | (far >>> 24))) ^ ((near << 2) | (far >>> 30))
  );
}

function rounds128(key: Uint8Array, rounds: number, z: string): BlockRounds {
  const keys = schedule64(key, rounds, z);

  function encryptAt(bytes: Uint8Array, at: number): void {
    let yLow = readLittle32(bytes, at);
    let yHigh = readLittle32(bytes, at + 4);
    let xLow = readLittle32(bytes, at + 8);
    let xHigh = readLittle32(bytes, at + 12);
    for (let round = 0; round < 2 * rounds; round += 2) {
      const low = yLow ^ mix64(xLow, xHigh) ^ (keys[round] as number);
      const high = yHigh ^ mix64(xHigh, xLow) ^ (keys[round + 1] as number);
      yLow = xLow;
      yHigh = xHigh;
      xLow = low;
      xHigh = high;
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
      const low = xLow ^ mix64(yLow, yHigh) ^ (keys[round] as number);
      const high = xHigh ^ mix64(yHigh, yLow) ^ (keys[round + 1] as number);
      xLow = yLow;
      xHigh = yHigh;
      yLow = low;
      yHigh = high;
    }
    writeLittle32(bytes, at, yLow);
    writeLittle32(bytes, at + 4, yHigh);
    writeLittle32(bytes, at + 8, xLow);
    writeLittle32(bytes, at + 12, xHigh);
  }

  return { encryptAt, decryptAt };
}

/** SIMON64/96: blocks of 8 bytes, keys of 12. */
export const simon64_96: BlockCipherAlgorithm = /* @__PURE__ */ blockCipher(12, 8, (key) =>
  rounds64(key, 42, Z2),
);

/** SIMON64/128: blocks of 8 bytes, keys of 16. */
export const simon64_128: BlockCipherAlgorithm = /* @__PURE__ */ blockCipher(16, 8, (key) =>
  rounds64(key, 44, Z3),
);

/**
 * SIMON128/128: blocks of 16 bytes, keys of 16.
 *
 * @example
 * One block. Longer messages need a mode: `eax`, `ctr`, `cmac`.
 *
 * ```ts
 * import { simon128_128 } from '@lamplighter/sdk/crypto/simon';
 *
 * const cipher = simon128_128(key);
 * const same = cipher.decrypt(cipher.encrypt(block));
 * ```
 */
export const simon128_128: BlockCipherAlgorithm = /* @__PURE__ */ blockCipher(16, 16, (key) =>
  rounds128(key, 68, Z2),
);

/** SIMON128/192: blocks of 16 bytes, keys of 24. */
export const simon128_192: BlockCipherAlgorithm = /* @__PURE__ */ blockCipher(24, 16, (key) =>
  rounds128(key, 69, Z3),
);

/** SIMON128/256: blocks of 16 bytes, keys of 32. */
export const simon128_256: BlockCipherAlgorithm = /* @__PURE__ */ blockCipher(32, 16, (key) =>
  rounds128(key, 72, Z4),
);
