/**
 * PRESENT, SIMON, SPECK and SPONGENT as their papers print them, on whole numbers and with tables: slow, easy to compare with
 * the text, and written apart from the fast ones, which have to give the same.
 */
export type PlainCipher = (key: Uint8Array, block: Uint8Array) => Uint8Array;

function bigOf(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function bytesFrom(value: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) =>
    Number((value >> BigInt(8 * (length - 1 - at))) & 0xffn),
  );
}

/** What `moved` says becomes of each bit. */
function permuted(value: bigint, bits: number, moved: (bit: number) => number): bigint {
  let result = 0n;
  for (let bit = 0; bit < bits; bit += 1) {
    result |= ((value >> BigInt(bit)) & 1n) << BigInt(moved(bit));
  }
  return result;
}

function substituted(value: bigint, nibbles: number, box: string): bigint {
  let result = 0n;
  for (let nibble = 0; nibble < nibbles; nibble += 1) {
    const shift = BigInt(4 * nibble);
    const found = Number.parseInt(box.charAt(Number((value >> shift) & 0xfn)), 16);
    result |= BigInt(found) << shift;
  }
  return result;
}

const PRESENT_BOX = 'C56B90AD3EF84712';

export const plainPresent: PlainCipher = (key, block) => {
  const bits = 8 * key.length;
  const boxes = bits === 80 ? 1 : 2;
  const counterAt = bits === 80 ? 15n : 62n;
  const mask = (1n << BigInt(bits)) - 1n;
  let register = bigOf(key);
  let state = bigOf(block);
  const roundKey = (): bigint => register >> BigInt(bits - 64);
  for (let round = 1; round <= 31; round += 1) {
    state = substituted(state ^ roundKey(), 16, PRESENT_BOX);
    state = permuted(state, 64, (bit) => (bit === 63 ? 63 : (16 * bit) % 63));
    register = ((register << 61n) | (register >> BigInt(bits - 61))) & mask;
    const low = BigInt(bits - 4 * boxes);
    register = (substituted(register >> low, boxes, PRESENT_BOX) << low) | (register % (1n << low));
    register ^= BigInt(round) << counterAt;
  }
  return bytesFrom(state ^ roundKey(), 8);
};

/** Numbers of `bits` bits, and what the papers do with them. */
function wordsOf(bits: number): {
  readonly mask: bigint;
  readonly left: (word: bigint, by: number) => bigint;
  readonly right: (word: bigint, by: number) => bigint;
  readonly split: (bytes: Uint8Array) => bigint[];
} {
  const mask = (1n << BigInt(bits)) - 1n;
  const left = (word: bigint, by: number): bigint =>
    ((word << BigInt(by)) | (word >> BigInt(bits - by))) & mask;
  return {
    mask,
    left,
    right: (word, by) => left(word, bits - by),
    split: (bytes) =>
      Array.from({ length: (8 * bytes.length) / bits }, (_, at) =>
        bigOf(bytes.slice((at * bits) / 8, ((at + 1) * bits) / 8).reverse()),
      ),
  };
}

const joined = (y: bigint, x: bigint, bytes: number): Uint8Array =>
  Uint8Array.from([...bytesFrom(y, bytes / 2).reverse(), ...bytesFrom(x, bytes / 2).reverse()]);

const SPECK_ROUNDS: Readonly<Record<string, number>> = {
  '8/12': 26,
  '8/16': 27,
  '16/16': 32,
  '16/24': 33,
  '16/32': 34,
};

export const plainSpeck: PlainCipher = (key, block) => {
  const { mask, left, right, split } = wordsOf(4 * block.length);
  const rounds = SPECK_ROUNDS[`${block.length}/${key.length}`]!;
  const [first = 0n, ...l] = split(key);
  let k = first;
  let [y = 0n, x = 0n] = split(block);
  for (let round = 0; round < rounds; round += 1) {
    x = ((right(x, 8) + y) & mask) ^ k;
    y = left(y, 3) ^ x;
    const next = ((k + right(l[round]!, 8)) & mask) ^ BigInt(round);
    l.push(next);
    k = left(k, 3) ^ next;
  }
  return joined(y, x, block.length);
};

const SIMON_ROUNDS: Readonly<Record<string, readonly [rounds: number, z: string]>> = {
  '8/12': [42, '10101111011100000011010010011000101000010001111110010110110011'],
  '8/16': [44, '11011011101011000110010111100000010010001010011100110100001111'],
  '16/16': [68, '10101111011100000011010010011000101000010001111110010110110011'],
  '16/24': [69, '11011011101011000110010111100000010010001010011100110100001111'],
  '16/32': [72, '11010001111001101011011000100000010111000011001010010011101111'],
};

export const plainSimon: PlainCipher = (key, block) => {
  const { mask, left, right, split } = wordsOf(4 * block.length);
  const [rounds, z] = SIMON_ROUNDS[`${block.length}/${key.length}`]!;
  const k = split(key);
  const m = k.length;
  for (let round = m; round < rounds; round += 1) {
    let mixed = right(k[round - 1]!, 3);
    if (m === 4) mixed ^= k[round - 3]!;
    mixed ^= right(mixed, 1);
    const constant = mask ^ 3n ^ BigInt(z.charAt((round - m) % 62));
    k.push(k[round - m]! ^ mixed ^ constant);
  }
  let [y = 0n, x = 0n] = split(block);
  for (const roundKey of k) {
    [y, x] = [x, y ^ (left(x, 1) & left(x, 8)) ^ left(x, 2) ^ roundKey];
  }
  return joined(y, x, block.length);
};

const SPONGENT_BOX = 'EDB0214F7A859C36';

/** Digest's bits: rate, rounds, first counter, its bits, and its feedback. */
const SPONGENTS: Readonly<
  Record<number, readonly [number, number, number, number, readonly number[]]>
> = {
  88: [8, 45, 0x05, 6, [5, 4]],
  128: [8, 70, 0x7a, 7, [6, 5]],
  160: [16, 90, 0x45, 7, [6, 5]],
  224: [16, 120, 0x01, 7, [6, 5]],
  256: [16, 140, 0x9e, 8, [7, 3, 2, 1]],
};

/** The bits of bytes, lowest first. */
function bitsOf(bytes: Uint8Array): number[] {
  return Array.from(bytes).flatMap((byte) =>
    Array.from({ length: 8 }, (_, bit) => (byte >> bit) & 1),
  );
}

/** The number that bits are, lowest first. */
function numberOf(bits: readonly number[]): number {
  return bits.reduce((value, bit, at) => value | (bit << at), 0);
}

function nextCounter(counter: number, bits: number, taps: readonly number[]): number {
  const fed = taps.reduce((sum, tap) => sum ^ ((counter >> tap) & 1), 0);
  return ((counter << 1) | fed) & (2 ** bits - 1);
}

export function plainSpongent(digestBits: number, message: Uint8Array): Uint8Array {
  const [rate, rounds, first, counterBits, taps] = SPONGENTS[digestBits]!;
  // SPONGENT-88/80/8 is the only one whose capacity is less than its digest.
  const b = digestBits === 88 ? 88 : digestBits + rate;
  let state = Array<number>(b).fill(0);

  function permute(): void {
    let counter = first;
    for (let round = 0; round < rounds; round += 1) {
      bitsOf(Uint8Array.of(counter)).forEach((bit, at) => {
        state[at]! ^= bit;
        state[b - 1 - at]! ^= bit;
      });
      const old = state;
      state = Array<number>(b).fill(0);
      for (let at = 0; at < b; at += 4) {
        const found = Number.parseInt(SPONGENT_BOX.charAt(numberOf(old.slice(at, at + 4))), 16);
        for (let bit = at; bit < at + 4; bit += 1) {
          state[bit === b - 1 ? bit : (bit * (b / 4)) % (b - 1)] = (found >> (bit - at)) & 1;
        }
      }
      counter = nextCounter(counter, counterBits, taps);
    }
  }

  const rateBytes = rate / 8;
  const blocks = Math.floor(message.length / rateBytes) + 1;
  const padded = new Uint8Array(blocks * rateBytes);
  padded.set(message);
  padded[message.length] = 0x80;
  for (let at = 0; at < padded.length; at += rateBytes) {
    bitsOf(padded.slice(at, at + rateBytes)).forEach((bit, to) => {
      state[to]! ^= bit;
    });
    permute();
  }
  const digest: number[] = [];
  while (digest.length < digestBits / 8) {
    for (let at = 0; at < rate; at += 8) digest.push(numberOf(state.slice(at, at + 8)));
    permute();
  }
  return Uint8Array.from(digest);
}
