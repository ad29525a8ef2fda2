/**
 * How chunks of an image are sealed (docs/protocol.md §6.6 step 3): once for all devices of a model, under a content key
 * of the release and suite, with a fresh key for each segment of 1 MiB.
 */
import { be32, concatBytes } from '../wire/bytes.ts';
import { CONTENT_SEGMENT_BYTES } from '../wire/limits.ts';
import { nonceOf, type KeyAndIv } from './key-schedule.ts';
import type { Suite } from './suites.ts';

/** What keys the chunks of one transfer. */
export interface ContentKey {
  readonly suite: Suite;
  /** Content encryption key, 32 random bytes of (release, suite). */
  readonly cek: Uint8Array;
  /** SHA-256 of what is transferred. */
  readonly sha256: Uint8Array;
  /** log2 of the chunk size. */
  readonly chunkLog2: number;
}

/** Seals and opens the chunks of one transfer. */
export class ContentCipher {
  readonly #content: ContentKey;
  #segment = -1;
  #keys: KeyAndIv = { key: new Uint8Array(0), iv: new Uint8Array(0) };

  constructor(content: ContentKey) {
    this.#content = content;
  }

  /** ciphertext || tag of chunk `index`, counted over the whole image. */
  seal(index: number, chunk: Uint8Array): Uint8Array {
    const { key, nonce, ad } = this.#parameters(index);
    return this.#content.suite.seal(key, nonce, ad, chunk);
  }

  /** @throws {@link CryptoError} `AEAD_REFUSED` */
  open(index: number, sealed: Uint8Array): Uint8Array {
    const { key, nonce, ad } = this.#parameters(index);
    return this.#content.suite.open(key, nonce, ad, sealed);
  }

  #parameters(index: number): { key: Uint8Array; nonce: Uint8Array; ad: Uint8Array } {
    const { chunkLog2, sha256 } = this.#content;
    const segment = Math.floor((index * 2 ** chunkLog2) / CONTENT_SEGMENT_BYTES);
    if (segment !== this.#segment) {
      this.#keys = segmentKeys(this.#content, segment);
      this.#segment = segment;
    }
    return {
      key: this.#keys.key,
      nonce: nonceOf(this.#keys.iv, index),
      ad: concatBytes(Uint8Array.of(5), be32(index), sha256),
    };
  }
}

/** Key and iv of one segment. */
export function segmentKeys(content: ContentKey, segment: number): KeyAndIv {
  const { suite, cek, sha256 } = content;
  const context = concatBytes(sha256, be32(segment));
  return {
    key: suite.expand(cek, 'content key', context, suite.keyBytes),
    iv: suite.expand(cek, 'content iv', context, suite.nonceBytes),
  };
}
