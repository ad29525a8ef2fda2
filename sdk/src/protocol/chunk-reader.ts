/**
 * Opens the chunks of one image in their order and checks each against the tree (docs/protocol.md §6.6, steps 2 to 4): what
 * it gives out may be written.
 */
import { equalBytes } from '../wire/bytes.ts';
import { ContentCipher } from '../crypto/content.ts';
import { CryptoError } from '../crypto/errors.ts';
import { MerkleTree, leafHash, verifyPath } from '../crypto/merkle.ts';
import type { Suite } from '../crypto/suites.ts';
import type { ContentFrame } from '../wire/frames.ts';
import { transferOf } from '../wire/manifest.ts';
import type { Manifest, Transfer } from '../wire/manifest.ts';
import type { Message, Want } from '../wire/message-types.ts';

/** What a content frame brought. */
export type ChunkRead =
  | { readonly kind: 'chunk'; readonly at: number; readonly bytes: Uint8Array }
  /** Sent before M heard of the last wrong chunk. */
  | { readonly kind: 'passed' }
  | { readonly kind: 'wrong' }
  /** Before `head`. */
  | { readonly kind: 'unexpected' };

/** The chunks of one image in one session. */
export class ChunkReader {
  readonly #suite: Suite;
  readonly #manifest: Manifest;
  readonly #transfer: Transfer;
  #next: number;
  #until = 0;
  #wantedFrom = 0;
  #passing = false;
  #cipher: ContentCipher | null = null;
  #leaves: Uint8Array | null = null;

  /** @param next the first chunk that the slot lacks */
  constructor(suite: Suite, manifest: Manifest, next: number) {
    this.#suite = suite;
    this.#manifest = manifest;
    this.#transfer = transferOf(manifest);
    this.#next = Math.min(next, this.#transfer.chunks);
  }

  get next(): number {
    return this.#next;
  }

  get finished(): boolean {
    return this.#next === this.#transfer.chunks;
  }

  /** True when M may send no more before it hears of a new `want`. */
  get creditUsed(): boolean {
    return this.#next === this.#until;
  }

  /** Step 2: from = first chunk it lacks. */
  want(credit: number, paths: boolean): Want {
    const granted = Math.min(credit, this.#transfer.chunks - this.#next);
    this.#wantedFrom = this.#next;
    this.#until = this.#next + granted;
    const { sha256 } = this.#transfer;
    return { type: 'want', sha256, from: this.#next, credit: granted, paths };
  }

  /** Step 2: the head with the content key, once a session. */
  begin(head: Extract<Message, { type: 'head' }>): boolean {
    if (this.#cipher !== null || head.from !== this.#wantedFrom) return false;
    const { sha256 } = this.#transfer;
    if (!equalBytes(head.sha256, sha256)) return false;
    const { chunkLog2 } = this.#manifest;
    this.#cipher = new ContentCipher({ suite: this.#suite, cek: head.cek, sha256, chunkLog2 });
    return true;
  }

  /** Step 2: the leaf list is checked by its root, not by a digest. */
  setLeaves(list: Uint8Array): boolean {
    const leaves: Uint8Array[] = [];
    for (let at = 0; at < list.length; at += 32) leaves.push(list.subarray(at, at + 32));
    if (!equalBytes(new MerkleTree(leaves).root, this.#manifest.root)) return false;
    this.#leaves = list;
    return true;
  }

  /** Step 4: opened, of the right size, in the tree; index must be the next. */
  read(frame: ContentFrame): ChunkRead {
    const cipher = this.#cipher;
    if (cipher === null) return { kind: 'unexpected' };
    if (frame.index !== this.#next) return this.#passing ? { kind: 'passed' } : this.#wrong();
    const bytes = opened(cipher, frame);
    if (bytes === null || bytes.length !== this.#sizeOf(frame.index)) return this.#wrong();
    if (!this.#isInTree(frame, bytes)) return this.#wrong();
    this.#passing = false;
    this.#next += 1;
    return { kind: 'chunk', at: frame.index * this.#chunkBytes, bytes };
  }

  get #chunkBytes(): number {
    return 2 ** this.#manifest.chunkLog2;
  }

  #sizeOf(index: number): number {
    return Math.min(this.#chunkBytes, this.#transfer.size - index * this.#chunkBytes);
  }

  #wrong(): ChunkRead {
    this.#passing = true;
    return { kind: 'wrong' };
  }

  #isInTree(frame: ContentFrame, bytes: Uint8Array): boolean {
    const leaf = leafHash(bytes);
    if (this.#leaves !== null) {
      const at = frame.index * 32;
      return frame.path.length === 0 && equalBytes(leaf, this.#leaves.subarray(at, at + 32));
    }
    const { index, path } = frame;
    return verifyPath({ index, count: this.#transfer.chunks, leaf, path }, this.#manifest.root);
  }
}

/** The chunk, null when the frame does not open. */
function opened(cipher: ContentCipher, frame: ContentFrame): Uint8Array | null {
  try {
    return cipher.open(frame.index, frame.sealed);
  } catch (error) {
    if (error instanceof CryptoError) return null;
    throw error;
  }
}
