/**
 * PRESENT with keys of 80 and 128 bits (Bogdanov and others: PRESENT: An Ultra-Lightweight Block Cipher, CHES 2007; ISO/IEC
 * 29192-2). Bit-sliced: four words hold two blocks, 16 bits of each in a word, and the S-box is 14 operations on those words. No
 * index and no branch hangs on a secret. A block alone computes beside an empty one.
 *
 * Number a bit of a block by three digits to base 4, (c, b, a): word c, bit 4b + a in it. The S-box takes together what
 * differs in a; the layer P then moves (c, b, a) to (a, c, b). To have what the S-box wants in the four words, a round of even
 * number exchanges the word's digit with the lower one of the bits in it, a round of odd number with the upper one. After the
 * first, what P calls (a, c, b) lies in word c, bit 4a + b; after the second, where it began. So P itself costs nothing, and the
 * keys of odd rounds are kept with the two digits of their bits exchanged.
 */
import { blockCipher, type BlockRounds } from './block-cipher.ts';
import type { BlockCipherAlgorithm } from './primitives.ts';

const ROUNDS = 31;
const BLOCK_BYTES = 8;

/** Exchanges the two digits of the bits in a word, for both halves of it. */
function turned(word: number): number {
  const once = (word ^ (word >>> 6)) & 0x00cc00cc;
  const half = word ^ once ^ (once << 6);
  const twice = (half ^ (half >>> 3)) & 0x0a0a0a0a;
  return half ^ twice ^ (twice << 3);
}

/** Bits 8 and 12 of a word, together. */
const TWO = 0x1100;

/** The upper byte of a word of 16 bits, two nibbles through the S-box. Its steps undo themselves in reverse order. */
function substituteTop(word: number): number {
  let w0 = word & TWO;
  let w1 = (word >>> 1) & TWO;
  let w2 = (word >>> 2) & TWO;
  let w3 = (word >>> 3) & TWO;
  w1 ^= w2;
  w3 ^= w1 & w2;
  w2 ^= w1 & w3;
  w1 ^= w0 | w2;
  w0 ^= w3;
  w3 = ~w3;
  w2 ^= w3;
  w2 ^= w1;
  w1 ^= w0;
  w3 ^= w1 & w2;
  return (w0 & TWO) | ((w1 & TWO) << 1) | ((w3 & TWO) << 2) | ((w2 & TWO) << 3);
}

/** What differs between the key schedules of the two sizes, on words of 16 bits, lowest first. */
interface Register {
  /** Whole words of the rotation to the right, beside 3 bits. */
  readonly rotated: number;
  /** Bits of the highest word that go through the S-box. */
  readonly substituted: number;
  /** The lowest bit that the round's number is added to. */
  readonly counterBit: number;
}

const REGISTER_80: Register = { rotated: 1, substituted: 0xf000, counterBit: 15 };
const REGISTER_128: Register = { rotated: 4, substituted: 0xff00, counterBit: 62 };

/** One step of the schedule, from `old` into `register`. */
function update(old: Uint16Array, register: Uint16Array, round: number, sizes: Register): void {
  const { length } = register;
  for (let word = 0; word < length; word += 1) {
    const lower = old[(word + sizes.rotated) % length] as number;
    const upper = old[(word + sizes.rotated + 1) % length] as number;
    register[word] = (lower >>> 3) | (upper << 13);
  }
  const top = register[length - 1] as number;
  register[length - 1] = top ^ ((top ^ substituteTop(top)) & sizes.substituted);
  const word = sizes.counterBit >>> 4;
  const bits = round << (sizes.counterBit & 15);
  register[word] = (register[word] as number) ^ bits;
  register[word + 1] = (register[word + 1] as number) ^ (bits >>> 16);
}

/** Four words a round, each twice over for two blocks. */
function schedule(key: Uint8Array, sizes: Register): Int32Array {
  let register = new Uint16Array(key.length / 2);
  let next = new Uint16Array(key.length / 2);
  for (let word = 0; word < register.length; word += 1) {
    const at = key.length - 2 - 2 * word;
    register[word] = ((key[at] as number) << 8) | (key[at + 1] as number);
  }
  const keys = new Int32Array(4 * (ROUNDS + 1));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (let word = 0; word < 4; word += 1) {
      const bits = register[register.length - 4 + word] as number;
      const both = bits | (bits << 16);
      keys[4 * round + word] = round % 2 === 0 ? both : turned(both);
    }
    update(register, next, round + 1, sizes);
    [register, next] = [next, register];
  }
  register.fill(0);
  next.fill(0);
  return keys;
}

function encryptPlanes(keys: Int32Array, planes: Int32Array): void {
  let w0 = planes[0] as number;
  let w1 = planes[1] as number;
  let w2 = planes[2] as number;
  let w3 = planes[3] as number;
  let change = 0;
  for (let at = 0; ; at += 8) {
    w0 ^= keys[at] as number;
    w1 ^= keys[at + 1] as number;
    w2 ^= keys[at + 2] as number;
    w3 ^= keys[at + 3] as number;
    change = ((w0 >>> 2) ^ w2) & 0x33333333;
    w0 ^= change << 2;
    w2 ^= change;
    change = ((w1 >>> 2) ^ w3) & 0x33333333;
    w1 ^= change << 2;
    w3 ^= change;
    change = ((w0 >>> 1) ^ w1) & 0x55555555;
    w0 ^= change << 1;
    w1 ^= change;
    change = ((w2 >>> 1) ^ w3) & 0x55555555;
    w2 ^= change << 1;
    w3 ^= change;
    w1 ^= w2;
    w3 ^= w1 & w2;
    w2 ^= w1 & w3;
    w1 ^= w0 | w2;
    w0 ^= w3;
    w3 = ~w3;
    w2 ^= w3;
    w2 ^= w1;
    w1 ^= w0;
    w3 ^= w1 & w2;
    change = w2;
    w2 = w3;
    w3 = change;
    if (at === 4 * (ROUNDS - 1)) break;
    w0 ^= keys[at + 4] as number;
    w1 ^= keys[at + 5] as number;
    w2 ^= keys[at + 6] as number;
    w3 ^= keys[at + 7] as number;
    change = ((w0 >>> 8) ^ w2) & 0x00ff00ff;
    w0 ^= change << 8;
    w2 ^= change;
    change = ((w1 >>> 8) ^ w3) & 0x00ff00ff;
    w1 ^= change << 8;
    w3 ^= change;
    change = ((w0 >>> 4) ^ w1) & 0x0f0f0f0f;
    w0 ^= change << 4;
    w1 ^= change;
    change = ((w2 >>> 4) ^ w3) & 0x0f0f0f0f;
    w2 ^= change << 4;
    w3 ^= change;
    w1 ^= w2;
    w3 ^= w1 & w2;
    w2 ^= w1 & w3;
    w1 ^= w0 | w2;
    w0 ^= w3;
    w3 = ~w3;
    w2 ^= w3;
    w2 ^= w1;
    w1 ^= w0;
    w3 ^= w1 & w2;
    change = w2;
    w2 = w3;
    w3 = change;
  }
  planes[0] = turned(w0 ^ (keys[4 * ROUNDS] as number));
  planes[1] = turned(w1 ^ (keys[4 * ROUNDS + 1] as number));
  planes[2] = turned(w2 ^ (keys[4 * ROUNDS + 2] as number));
  planes[3] = turned(w3 ^ (keys[4 * ROUNDS + 3] as number));
}

function decryptPlanes(keys: Int32Array, planes: Int32Array): void {
  let w0 = turned(planes[0] as number) ^ (keys[4 * ROUNDS] as number);
  let w1 = turned(planes[1] as number) ^ (keys[4 * ROUNDS + 1] as number);
  let w2 = turned(planes[2] as number) ^ (keys[4 * ROUNDS + 2] as number);
  let w3 = turned(planes[3] as number) ^ (keys[4 * ROUNDS + 3] as number);
  let change = 0;
  for (let at = 4 * (ROUNDS - 1); ; at -= 8) {
    change = w2;
    w2 = w3;
    w3 = change;
    w3 ^= w1 & w2;
    w1 ^= w0;
    w2 ^= w1;
    w2 ^= w3;
    w3 = ~w3;
    w0 ^= w3;
    w1 ^= w0 | w2;
    w2 ^= w1 & w3;
    w3 ^= w1 & w2;
    w1 ^= w2;
    change = ((w0 >>> 2) ^ w2) & 0x33333333;
    w0 ^= change << 2;
    w2 ^= change;
    change = ((w1 >>> 2) ^ w3) & 0x33333333;
    w1 ^= change << 2;
    w3 ^= change;
    change = ((w0 >>> 1) ^ w1) & 0x55555555;
    w0 ^= change << 1;
    w1 ^= change;
    change = ((w2 >>> 1) ^ w3) & 0x55555555;
    w2 ^= change << 1;
    w3 ^= change;
    w0 ^= keys[at] as number;
    w1 ^= keys[at + 1] as number;
    w2 ^= keys[at + 2] as number;
    w3 ^= keys[at + 3] as number;
    if (at === 0) break;
    change = w2;
    w2 = w3;
    w3 = change;
    w3 ^= w1 & w2;
    w1 ^= w0;
    w2 ^= w1;
    w2 ^= w3;
    w3 = ~w3;
    w0 ^= w3;
    w1 ^= w0 | w2;
    w2 ^= w1 & w3;
    w3 ^= w1 & w2;
    w1 ^= w2;
    change = ((w0 >>> 8) ^ w2) & 0x00ff00ff;
    w0 ^= change << 8;
    w2 ^= change;
    change = ((w1 >>> 8) ^ w3) & 0x00ff00ff;
    w1 ^= change << 8;
    w3 ^= change;
    change = ((w0 >>> 4) ^ w1) & 0x0f0f0f0f;
    w0 ^= change << 4;
    w1 ^= change;
    change = ((w2 >>> 4) ^ w3) & 0x0f0f0f0f;
    w2 ^= change << 4;
    w3 ^= change;
    w0 ^= keys[at - 4] as number;
    w1 ^= keys[at - 3] as number;
    w2 ^= keys[at - 2] as number;
    w3 ^= keys[at - 1] as number;
  }
  planes[0] = w0;
  planes[1] = w1;
  planes[2] = w2;
  planes[3] = w3;
}

/** The block at `at`, big-endian, into the half of each word that begins at bit `half`. */
function load(bytes: Uint8Array, at: number, planes: Int32Array, half: 0 | 16): void {
  for (let word = 0; word < 4; word += 1) {
    const from = at + 6 - 2 * word;
    const bits = ((bytes[from] as number) << 8) | (bytes[from + 1] as number);
    planes[word] = (planes[word] as number) | (bits << half);
  }
}

function store(bytes: Uint8Array, at: number, planes: Int32Array, half: 0 | 16): void {
  for (let word = 0; word < 4; word += 1) {
    const to = at + 6 - 2 * word;
    const bits = (planes[word] as number) >>> half;
    bytes[to] = bits >>> 8;
    bytes[to + 1] = bits;
  }
}

function rounds(keys: Int32Array): BlockRounds {
  const one = (turn: typeof encryptPlanes) => (bytes: Uint8Array, at: number) => {
    const planes = new Int32Array(4);
    load(bytes, at, planes, 0);
    turn(keys, planes);
    store(bytes, at, planes, 0);
  };
  const encryptAt = one(encryptPlanes);

  function encryptAll(blocks: Uint8Array): void {
    const planes = new Int32Array(4);
    let at = 0;
    for (; at + 2 * BLOCK_BYTES <= blocks.length; at += 2 * BLOCK_BYTES) {
      planes.fill(0);
      load(blocks, at, planes, 0);
      load(blocks, at + BLOCK_BYTES, planes, 16);
      encryptPlanes(keys, planes);
      store(blocks, at, planes, 0);
      store(blocks, at + BLOCK_BYTES, planes, 16);
    }
    if (at < blocks.length) encryptAt(blocks, at);
  }

  return { encryptAt, decryptAt: one(decryptPlanes), encryptAll };
}

/** PRESENT-80: keys of 10 bytes. Its strength is under 112 bits: for devices that have nothing better (docs/protocol.md §4). */
export const present80: BlockCipherAlgorithm = /* @__PURE__ */ blockCipher(10, BLOCK_BYTES, (key) =>
  rounds(schedule(key, REGISTER_80)),
);

/**
 * PRESENT-128: blocks of 8 bytes, keys of 16.
 *
 * @example
 * One block. Longer messages need a mode: `eax`, `ctr`, `cmac`.
 *
 * ```ts
 * import { present128 } from '@lamplighter/sdk/crypto/present';
 *
 * const cipher = present128(key);
 * const same = cipher.decrypt(cipher.encrypt(block));
 * ```
 */
export const present128: BlockCipherAlgorithm = /* @__PURE__ */ blockCipher(
  16,
  BLOCK_BYTES,
  (key) => rounds(schedule(key, REGISTER_128)),
);
