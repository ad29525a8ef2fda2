/**
 * Collects one blob, piece by piece (docs/protocol.md §6.6: "Blobs go as in 6.2 mode full"). Nothing is held but what has
 * arrived, and never more than the size told.
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

/** One blob on its way to this end. */
export class BlobReceiver {
  readonly sha256: Uint8Array;
  readonly #size: number;
  readonly #pieceBytes: number;
  readonly #pieces: Uint8Array[] = [];
  #received = 0;
  #credit = 0;

  /**
   * @param sha256 what names the blob: its digest, for a leaf list its root
   * @param size bytes, 1 or more; bounded by the caller
   */
  constructor(sha256: Uint8Array, size: number, fmax: number) {
    this.sha256 = sha256;
    this.#size = size;
    this.#pieceBytes = fmax - BLOB_OVERHEAD_BYTES;
  }

  /** Asks for what is missing. */
  want(): Want {
    const pieces = Math.ceil((this.#size - this.#received) / this.#pieceBytes);
    this.#credit = Math.min(CREDIT_MOST, Math.max(1, pieces));
    return {
      type: 'want',
      sha256: this.sha256,
      from: this.#received,
      credit: this.#credit,
      paths: false,
    };
  }

  take(piece: Extract<Message, { type: 'blob' }>): BlobProgress {
    if (!this.#hasPlace(piece)) return { kind: 'false' };
    this.#pieces.push(piece.data);
    this.#received += piece.data.length;
    this.#credit -= 1;
    if (this.#received === this.#size)
      return { kind: 'whole', bytes: concatBytes(...this.#pieces) };
    return this.#credit > 0 ? { kind: 'more' } : { kind: 'want', want: this.want() };
  }

  /** Contiguous, none empty, no byte more than told, no piece beyond the credit. */
  #hasPlace(piece: Extract<Message, { type: 'blob' }>): boolean {
    const { data, from, sha256 } = piece;
    if (this.#credit === 0 || !equalBytes(sha256, this.sha256)) return false;
    if (from !== this.#received || data.length === 0) return false;
    return data.length <= this.#pieceBytes && from + data.length <= this.#size;
  }
}
