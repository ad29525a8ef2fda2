/**
 * Takes one object in `blob`s, piece by piece (docs/protocol.md §6.2, §6.6: "Blobs go as in 6.2 mode full"). Nothing is held
 * but what has arrived, and never more than the size told.
 */
import { BLOB_OVERHEAD_BYTES, CREDIT_MOST } from '../wire/limits.ts';
import type { Message, Want } from '../wire/message-types.ts';
import { concatBytes, equalBytes } from '../wire/bytes.ts';

/** What a piece brought: more to come, a new `want` due, all there, or a piece that has no place. */
export type BlobProgress =
  | { readonly kind: 'more' }
  | { readonly kind: 'want'; readonly want: Want }
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  | { readonly kind: 'false' };

/** A `blob`. */
export type Piece = Extract<Message, { type: 'blob' }>;

/** What a piece is to the order of pieces; `long` runs past the size told. */
export type PlaceOfPiece = 'more' | 'credit-used' | 'whole' | 'long' | 'false';

/** The order of an object's pieces, whatever is done with their bytes. */
export class PieceOrder {
  readonly sha256: Uint8Array;
  readonly #size: number;
  readonly #pieceBytes: number;
  readonly #creditMost: number;
  #received = 0;
  #credit = 0;

  /**
   * @param sha256 what names the object
   * @param size bytes, 1 or more; bounded by the caller
   * @param bytesMost on their way at a time, one piece at least. @default as many as credit allows
   */
  constructor(sha256: Uint8Array, size: number, fmax: number, bytesMost = Infinity) {
    this.sha256 = sha256;
    this.#size = size;
    this.#pieceBytes = fmax - BLOB_OVERHEAD_BYTES;
    this.#creditMost = Math.max(1, Math.min(CREDIT_MOST, Math.floor(bytesMost / this.#pieceBytes)));
  }

  /** Asks for what is missing. */
  want(): Want {
    const pieces = Math.ceil((this.#size - this.#received) / this.#pieceBytes);
    this.#credit = Math.min(this.#creditMost, Math.max(1, pieces));
    return {
      type: 'want',
      sha256: this.sha256,
      from: this.#received,
      credit: this.#credit,
      paths: false,
    };
  }

  /** Contiguous, none empty, no byte more than told, no piece beyond the credit. */
  take(piece: Piece): PlaceOfPiece {
    if (!this.#isNext(piece)) return 'false';
    const received = this.#received + piece.data.length;
    if (received > this.#size) return 'long';
    this.#received = received;
    this.#credit -= 1;
    if (received === this.#size) return 'whole';
    return this.#credit > 0 ? 'more' : 'credit-used';
  }

  #isNext({ data, from, sha256 }: Piece): boolean {
    if (this.#credit === 0 || !equalBytes(sha256, this.sha256)) return false;
    return from === this.#received && data.length > 0 && data.length <= this.#pieceBytes;
  }
}

/** One blob on its way to this end. */
export class BlobReceiver {
  readonly #order: PieceOrder;
  readonly #pieces: Uint8Array[] = [];

  /**
   * @param sha256 what names the blob: its digest, for a leaf list its root
   * @param size bytes, 1 or more; bounded by the caller
   */
  constructor(sha256: Uint8Array, size: number, fmax: number) {
    this.#order = new PieceOrder(sha256, size, fmax);
  }

  get sha256(): Uint8Array {
    return this.#order.sha256;
  }

  /** Asks for what is missing. */
  want(): Want {
    return this.#order.want();
  }

  take(piece: Piece): BlobProgress {
    const place = this.#order.take(piece);
    if (place === 'false' || place === 'long') return { kind: 'false' };
    this.#pieces.push(piece.data);
    if (place === 'whole') return { kind: 'whole', bytes: concatBytes(...this.#pieces) };
    return place === 'more' ? { kind: 'more' } : { kind: 'want', want: this.want() };
  }
}
