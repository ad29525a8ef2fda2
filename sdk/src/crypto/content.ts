/**
 * How chunks of an image are sealed (docs/protocol.md §6.6 step 3): once for all devices of a model, under a content key
 * of the release and suite, with a fresh key for each segment of 1 MiB.
 */
import { be32, concatBytes } from '../wire/bytes.ts';
import { CONTENT_SEGMENT_BYTES } from '../wire/limits.ts';
import { nonceOf, type KeyAndIv } from './key-schedule.ts';
import type { KeyedAead, Suite } from './suites.ts';

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

interface Segment {
  readonly number: number;
  readonly aead: KeyedAead;
  readonly iv: Uint8Array;
}

/** Seals and opens the chunks of one transfer. */
export class ContentCipher {
  readonly #content: ContentKey;
  #present: Segment | undefined;

  constructor(content: ContentKey) {
    this.#content = content;
  }

  /** ciphertext || tag of chunk `index`, counted over the whole image. */
  seal(index: number, chunk: Uint8Array): Uint8Array {
    const { aead, iv } = this.#segmentOf(index);
    return aead.seal(nonceOf(iv, index), this.#ad(index), chunk);
  }

  /** @throws {@link CryptoError} `AEAD_REFUSED` */
  open(index: number, sealed: Uint8Array): Uint8Array {
    const { aead, iv } = this.#segmentOf(index);
    return aead.open(nonceOf(iv, index), this.#ad(index), sealed);
  }

  #segmentOf(index: number): Segment {
    const number = Math.floor((index * 2 ** this.#content.chunkLog2) / CONTENT_SEGMENT_BYTES);
    if (this.#present?.number !== number) {
      const { key, iv } = segmentKeys(this.#content, number);
      this.#present = { number, aead: this.#content.suite.aead(key), iv };
    }
    return this.#present;
  }

  #ad(index: number): Uint8Array {
    return concatBytes(Uint8Array.of(5), be32(index), this.#content.sha256);
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
