/**
 * Mode `full` (docs/protocol.md §6.2 step 4): D shows its image in `blob`s, M hashes what comes. Both halves go over the image
 * once: D sends no byte twice in a round, and M holds none.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import type { RunningHash } from '../crypto/primitives.ts';
import { equalBytes } from '../wire/bytes.ts';
import { BLOB_OVERHEAD_BYTES } from '../wire/limits.ts';
import type { Want } from '../wire/message-types.ts';
import { PieceOrder } from './blob-receiver.ts';
import type { Piece } from './blob-receiver.ts';

/** Bytes that M has on their way to it. */
const ON_THE_WAY_BYTES = 524_288;

/** An image by what names it. */
export interface NamedImage {
  readonly sha256: Uint8Array;
  /** Bytes. */
  readonly size: number;
}

/** A part of an image: the bytes from `from`, up to and without `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** D's half, for one answer: what of the image M may have. */
export class ImageShow {
  readonly image: NamedImage;
  readonly #pieceBytes: number;
  #shown = 0;

  /** @param image as the answer named it */
  constructor(image: NamedImage, fmax: number) {
    this.image = image;
    this.#pieceBytes = fmax - BLOB_OVERHEAD_BYTES;
  }

  /** The pieces to send now; null for another object, or another place in it than the next. */
  take(want: Want): readonly Span[] | null {
    const { sha256: name, size } = this.image;
    if (!equalBytes(want.sha256, name) || want.from !== this.#shown || want.from >= size) {
      return null;
    }
    const spans: Span[] = [];
    while (spans.length < want.credit && this.#shown < size) {
      const to = Math.min(size, this.#shown + this.#pieceBytes);
      spans.push({ from: this.#shown, to });
      this.#shown = to;
    }
    return spans;
  }
}

/** What a piece brought; `long`: more than the image has, `false`: a piece out of order or of something else. */
export type ShownProgress =
  | { readonly kind: 'more' }
  | { readonly kind: 'want'; readonly want: Want }
  | { readonly kind: 'whole'; readonly same: boolean }
  | { readonly kind: 'long' }
  | { readonly kind: 'false' };

/** M's half, for one answer: whether what comes is the image that D should run. */
export class ShownImage {
  readonly #order: PieceOrder;
  readonly #hash: RunningHash;

  /**
   * @param expected of 1 byte or more
   * @param hash SHA-256. @default the portable one
   */
  constructor(expected: NamedImage, fmax: number, hash: RunningHash = sha256.create()) {
    this.#order = new PieceOrder(expected.sha256, expected.size, fmax, ON_THE_WAY_BYTES);
    this.#hash = hash;
  }

  get sha256(): Uint8Array {
    return this.#order.sha256;
  }

  /** Asks for what is missing. */
  want(): Want {
    return this.#order.want();
  }

  take(piece: Piece): ShownProgress {
    const place = this.#order.take(piece);
    if (place === 'false' || place === 'long') return { kind: place };
    this.#hash.update(piece.data);
    if (place === 'whole') {
      return { kind: 'whole', same: equalBytes(this.#hash.digest(), this.sha256) };
    }
    return place === 'more' ? { kind: 'more' } : { kind: 'want', want: this.want() };
  }
}
