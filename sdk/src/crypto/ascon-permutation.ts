/**
 * The permutation Ascon-p (NIST SP 800-232 §3) on a state of five 64-bit words, little-endian, in 32-bit integers.
 *
 * A word is kept bit-interleaved: its bits of even place in one integer, those of odd place in the next. A rotation of the
 * word is then one rotation of each half, where halves of 32 neighbouring bits would need two shifts for each: a third less
 * time. There is no table and no branch on data; every call takes the same time.
 */
import { readLittle32, writeLittle32 } from './words.ts';

/** Integers in a state: word i is at 2i (even places) and 2i + 1 (odd places). */
export const STATE_INTEGERS = 10;

/** Rounds of p^12, which begins at the table's fifth constant, and p^8 (§3.2). */
export const P12 = 4;
export const P8 = 8;

const CONSTANTS = [
  0x3c, 0x2d, 0x1e, 0x0f, 0xf0, 0xe1, 0xd2, 0xc3, 0xb4, 0xa5, 0x96, 0x87, 0x78, 0x69, 0x5a, 0x4b,
];

const EVEN_CONSTANTS = Int32Array.from(CONSTANTS, (constant) => everyOther(constant));
const ODD_CONSTANTS = Int32Array.from(CONSTANTS, (constant) => everyOther(constant >>> 1));

/** Bits 0, 2, 4 and 6. */
function everyOther(byte: number): number {
  return (byte & 1) | ((byte >>> 1) & 2) | ((byte >>> 2) & 4) | ((byte >>> 3) & 8);
}

/**
 * Exclusive-ors a word into the state: of each half the bits of even place go to its lower half, those of odd place to its upper
 * one. Both halves are written out, here and below: what an engine inlines has an end, and calls took half the time.
 *
 * @param word - 0..4
 * @param low - its first four bytes, little-endian
 * @param high - its last four
 */
export function addWord(state: Int32Array, word: number, low: number, high: number): void {
  let lower = low;
  let upper = high;
  let t: number;
  t = (lower ^ (lower >>> 1)) & 0x22222222;
  lower ^= t ^ (t << 1);
  t = (lower ^ (lower >>> 2)) & 0x0c0c0c0c;
  lower ^= t ^ (t << 2);
  t = (lower ^ (lower >>> 4)) & 0x00f000f0;
  lower ^= t ^ (t << 4);
  t = (lower ^ (lower >>> 8)) & 0x0000ff00;
  lower ^= t ^ (t << 8);
  t = (upper ^ (upper >>> 1)) & 0x22222222;
  upper ^= t ^ (t << 1);
  t = (upper ^ (upper >>> 2)) & 0x0c0c0c0c;
  upper ^= t ^ (t << 2);
  t = (upper ^ (upper >>> 4)) & 0x00f000f0;
  upper ^= t ^ (t << 4);
  t = (upper ^ (upper >>> 8)) & 0x0000ff00;
  upper ^= t ^ (t << 8);
  const even = state[2 * word] as number;
  const odd = state[2 * word + 1] as number;
  state[2 * word] = even ^ (lower & 0xffff) ^ (upper << 16);
  state[2 * word + 1] = odd ^ (lower >>> 16) ^ (upper & 0xffff0000);
}

/**
 * Writes a word of the state to the eight bytes at `at`, the reverse of {@link addWord}.
 *
 * @param word - 0..4
 */
export function readWord(state: Int32Array, word: number, bytes: Uint8Array, at: number): void {
  const even = state[2 * word] as number;
  const odd = state[2 * word + 1] as number;
  let lower = (even & 0xffff) | (odd << 16);
  let upper = (even >>> 16) | (odd & 0xffff0000);
  let t: number;
  t = (lower ^ (lower >>> 8)) & 0x0000ff00;
  lower ^= t ^ (t << 8);
  t = (lower ^ (lower >>> 4)) & 0x00f000f0;
  lower ^= t ^ (t << 4);
  t = (lower ^ (lower >>> 2)) & 0x0c0c0c0c;
  lower ^= t ^ (t << 2);
  t = (lower ^ (lower >>> 1)) & 0x22222222;
  lower ^= t ^ (t << 1);
  t = (upper ^ (upper >>> 8)) & 0x0000ff00;
  upper ^= t ^ (t << 8);
  t = (upper ^ (upper >>> 4)) & 0x00f000f0;
  upper ^= t ^ (t << 4);
  t = (upper ^ (upper >>> 2)) & 0x0c0c0c0c;
  upper ^= t ^ (t << 2);
  t = (upper ^ (upper >>> 1)) & 0x22222222;
  upper ^= t ^ (t << 1);
  writeLittle32(bytes, at, lower);
  writeLittle32(bytes, at + 4, upper);
}

/**
 * Exclusive-ors the eight bytes at `at` into a word of the state.
 *
 * @param word - 0..4
 */
export function addBytes(state: Int32Array, word: number, bytes: Uint8Array, at: number): void {
  addWord(state, word, readLittle32(bytes, at), readLittle32(bytes, at + 4));
}

/**
 * Ascon-p in place. Lower case are bits of even place, upper case those of odd place.
 *
 * @param from - {@link P12} or {@link P8}
 */
export function permute(state: Int32Array, from: number): void {
  let a = state[0] as number;
  let A = state[1] as number;
  let b = state[2] as number;
  let B = state[3] as number;
  let c = ~(state[4] as number);
  let C = ~(state[5] as number);
  let d = state[6] as number;
  let D = state[7] as number;
  let e = ~(state[8] as number);
  let E = ~(state[9] as number);
  for (let round = from; round < 16; round += 1) {
    // §3.2: constant addition.
    c ^= EVEN_CONSTANTS[round] as number;
    C ^= ODD_CONSTANTS[round] as number;
    // §3.3: substitution, all 64 columns at once. With the complements of words 2 and 4 in their place, of twelve
    // complements four are left.
    a ^= e;
    A ^= E;
    e ^= d;
    E ^= D;
    c ^= b;
    C ^= B;
    const p = a ^ (b | c);
    const P = A ^ (B | C);
    const q = b ^ (c & d);
    const Q = B ^ (C & D);
    const w = c ^ (d | e);
    const W = C ^ (D | E);
    const s = d ^ (e & ~a);
    const S = D ^ (E & ~A);
    const t = e ^ (a & b);
    const T = E ^ (A & B);
    const u = ~(p ^ t);
    const U = ~(P ^ T);
    const v = q ^ p;
    const V = Q ^ P;
    const x = s ^ w;
    const X = S ^ W;
    // §3.4: linear diffusion. Right by 2k is both by k; by 2k + 1, even from odd by k and odd from even by k + 1.
    a = u ^ ((U >>> 9) | (U << 23)) ^ ((u >>> 14) | (u << 18)); // 19, 28
    A = U ^ ((u >>> 10) | (u << 22)) ^ ((U >>> 14) | (U << 18));
    b = v ^ ((V >>> 30) | (V << 2)) ^ ((V >>> 19) | (V << 13)); // 61, 39
    B = V ^ ((v >>> 31) | (v << 1)) ^ ((v >>> 20) | (v << 12));
    c = w ^ W ^ ((w >>> 3) | (w << 29)); // 1, 6
    C = W ^ ((w >>> 1) | (w << 31)) ^ ((W >>> 3) | (W << 29));
    d = x ^ ((x >>> 5) | (x << 27)) ^ ((X >>> 8) | (X << 24)); // 10, 17
    D = X ^ ((X >>> 5) | (X << 27)) ^ ((x >>> 9) | (x << 23));
    e = t ^ ((T >>> 3) | (T << 29)) ^ ((T >>> 20) | (T << 12)); // 7, 41
    E = T ^ ((t >>> 4) | (t << 28)) ^ ((t >>> 21) | (t << 11));
  }
  state[0] = a;
  state[1] = A;
  state[2] = b;
  state[3] = B;
  state[4] = ~c;
  state[5] = ~C;
  state[6] = d;
  state[7] = D;
  state[8] = ~e;
  state[9] = ~E;
}
