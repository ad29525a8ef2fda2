/**
 * CMAC (NIST SP 800-38B, RFC 4493), also known as OMAC1, over any block cipher of the catalogue. The tag is a whole block: 8
 * bytes for a cipher with blocks of 64 bits.
 */
import { abytes } from '@noble/ciphers/utils.js';
import type { BlockCipher, BlockCipherAlgorithm, Mac } from './primitives.ts';

/** The constants R of SP 800-38B §5.3, by the size of a block. */
const REDUCTION: ReadonlyMap<number, number> = new Map([
  [8, 0x1b],
  [16, 0x87],
]);

/** Multiplies by x in the field of the block's size, in the same steps whatever the block. */
function double(block: Uint8Array): Uint8Array {
  const reduction = REDUCTION.get(block.length);
  if (reduction === undefined) {
    throw new RangeError(`expected a cipher with blocks of 8 or 16 bytes, got ${block.length}`);
  }
  const doubled = new Uint8Array(block.length);
  let carry = 0;
  for (let at = block.length - 1; at >= 0; at -= 1) {
    const byte = block[at] as number;
    doubled[at] = (byte << 1) | carry;
    carry = byte >>> 7;
  }
  const last = block.length - 1;
  doubled[last] = (doubled[last] as number) ^ (reduction & -carry);
  return doubled;
}

function xorInto(chain: Uint8Array, message: Uint8Array, from: number, bytes: number): void {
  for (let at = 0; at < bytes; at += 1) {
    chain[at] = (chain[at] as number) ^ (message[from + at] as number);
  }
}

/** CMAC under one key, whose two subkeys are computed once. */
export class CmacKey {
  readonly #cipher: BlockCipher;
  readonly #whole: Uint8Array;
  readonly #padded: Uint8Array;

  constructor(cipher: BlockCipher) {
    this.#cipher = cipher;
    this.#whole = double(cipher.encrypt(new Uint8Array(cipher.blockBytes)));
    this.#padded = double(this.#whole);
  }

  /** The tag of a message. */
  tag(message: Uint8Array): Uint8Array {
    return this.#finish(new Uint8Array(this.#cipher.blockBytes), message);
  }

  /**
   * OMAC^t of EAX: the tag of a block that holds the number `tweak`, and then the message.
   *
   * @param tweak - 0..255
   */
  tweakedTag(tweak: number, message: Uint8Array): Uint8Array {
    const chain = new Uint8Array(this.#cipher.blockBytes);
    chain[chain.length - 1] = tweak;
    if (message.length === 0) xorInto(chain, this.#whole, 0, chain.length);
    this.#cipher.encryptBlocks(chain);
    return message.length === 0 ? chain : this.#finish(chain, message);
  }

  #finish(chain: Uint8Array, message: Uint8Array): Uint8Array {
    const { length } = chain;
    let at = 0;
    for (; at + length < message.length; at += length) {
      xorInto(chain, message, at, length);
      this.#cipher.encryptBlocks(chain);
    }
    const rest = message.length - at;
    xorInto(chain, message, at, rest);
    if (rest < length) chain[rest] = (chain[rest] as number) ^ 0x80;
    xorInto(chain, rest === length ? this.#whole : this.#padded, 0, length);
    this.#cipher.encryptBlocks(chain);
    return chain;
  }
}

/**
 * CMAC over a block cipher.
 *
 * @example
 * ```ts
 * import { cmac } from '@lamplighter/sdk/crypto/cmac';
 * import { simon128_128 } from '@lamplighter/sdk/crypto/simon';
 *
 * const tag = cmac(simon128_128)(key, message);
 * ```
 */
export function cmac(algorithm: BlockCipherAlgorithm): Mac {
  const mac = (key: Uint8Array, message: Uint8Array): Uint8Array =>
    new CmacKey(algorithm(key)).tag(abytes(message, undefined, 'message'));
  return Object.assign(mac, { keyBytes: algorithm.keyBytes, tagBytes: algorithm.blockBytes });
}
