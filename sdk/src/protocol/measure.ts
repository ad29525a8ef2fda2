/**
 * The measure of an image: hfw, hdev and the proof over a fresh r (docs/protocol.md §6.2 step 4). The image comes in
 * pieces, as a device reads its flash; M uses the same over its own copy (step 6).
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { asciiBytes, be64 } from '../wire/bytes.ts';
import type { RunningHash } from '../crypto/primitives.ts';
import type { Suite } from '../crypto/suites.ts';

/** What D says of its image, and what M compares. */
export interface ImageMeasure {
  /** SHA-256 of the image. */
  readonly hfw: Uint8Array;
  /** Hf of the image; empty where that is SHA-256. */
  readonly hdev: Uint8Array;
  /** Hf("lamplighter.v1 proof" || r || be64(size) || image). */
  readonly proof: Uint8Array;
}

/** What a measure needs of a suite: Hf, undefined where that is SHA-256. */
export type MeasuringSuite = Pick<Suite, 'imageHash'>;

/** Takes the image's bytes in order and ends in its measure. */
export class Measurement {
  readonly #size: number;
  readonly #image = sha256.create();
  readonly #own: RunningHash | undefined;
  readonly #proof: RunningHash;
  #taken = 0;

  /**
   * @param r the request's 32 random bytes
   * @param size the image's length in bytes
   */
  constructor({ imageHash }: MeasuringSuite, r: Uint8Array, size: number) {
    this.#size = size;
    this.#own = imageHash?.create();
    this.#proof = imageHash?.create() ?? sha256.create();
    this.#proof.update(asciiBytes('lamplighter.v1 proof')).update(r).update(be64(size));
  }

  update(piece: Uint8Array): this {
    this.#taken += piece.length;
    this.#image.update(piece);
    this.#own?.update(piece);
    this.#proof.update(piece);
    return this;
  }

  /** @throws {@link RangeError} when other than `size` bytes came */
  finish(): ImageMeasure {
    if (this.#taken !== this.#size) {
      throw new RangeError(`expected an image of ${this.#size} bytes, got ${this.#taken}`);
    }
    return {
      hfw: this.#image.digest(),
      hdev: this.#own?.digest() ?? new Uint8Array(0),
      proof: this.#proof.digest(),
    };
  }
}

/** The measure of an image that is at hand in one piece. */
export function measureImage(
  suite: MeasuringSuite,
  r: Uint8Array,
  image: Uint8Array,
): ImageMeasure {
  return new Measurement(suite, r, image.length).update(image).finish();
}
