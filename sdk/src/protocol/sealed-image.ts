/**
 * An image as M hands it out (docs/protocol.md §6.6 steps 2 and 3): each chunk is sealed at most once, for all devices of
 * the model, when the first device asks for it.
 */
import { ContentCipher } from '../crypto/content.ts';
import { chunkTree } from '../crypto/merkle.ts';
import type { MerkleTree } from '../crypto/merkle.ts';
import type { Suite } from '../crypto/suites.ts';
import { concatBytes, equalBytes } from '../wire/bytes.ts';
import { transferOf } from '../wire/manifest.ts';
import type { Manifest } from '../wire/manifest.ts';
import type { BlobObject, ImageObject } from './delivery-manager.ts';

/** What `want` can ask for of one release: its image by `sha256`, its leaf list by `root`. */
export class SealedImage implements ImageObject {
  readonly kind = 'image';
  readonly chunks: number;
  readonly cek: Uint8Array;
  readonly #image: Uint8Array;
  readonly #chunkBytes: number;
  readonly #cipher: ContentCipher;
  readonly #tree: MerkleTree;
  /** At most one entry a chunk. */
  readonly #sealed = new Map<number, Uint8Array>();

  /**
   * @param image what the manifest transfers, held here as long as the object lives
   * @param cek 32 random bytes for (release, suite)
   * @throws {@link RangeError} when the image has another size or tree than the manifest
   */
  constructor(suite: Suite, manifest: Manifest, image: Uint8Array, cek: Uint8Array) {
    const { size, sha256, chunks } = transferOf(manifest);
    const { chunkLog2 } = manifest;
    this.#tree = chunkTree(image, chunkLog2);
    if (image.length !== size || !equalBytes(this.#tree.root, manifest.root)) {
      throw new RangeError(`expected the image of the manifest, ${size} bytes with its chunk tree`);
    }
    this.chunks = chunks;
    this.cek = cek;
    this.#image = image;
    this.#chunkBytes = 2 ** chunkLog2;
    this.#cipher = new ContentCipher({ suite, cek, sha256, chunkLog2 });
  }

  /** The leaf list (kind 5), found by the tree's root. */
  get leafList(): BlobObject {
    return { kind: 'blob', bytes: concatBytes(...this.#tree.leaves) };
  }

  /** @throws {@link RangeError} when there is no such chunk */
  chunk(index: number): Uint8Array {
    if (index >= this.chunks)
      throw new RangeError(`expected a chunk below ${this.chunks}, got ${index}`);
    const known = this.#sealed.get(index);
    if (known !== undefined) return known;
    const from = index * this.#chunkBytes;
    const sealed = this.#cipher.seal(index, this.#image.subarray(from, from + this.#chunkBytes));
    this.#sealed.set(index, sealed);
    return sealed;
  }

  path(index: number): readonly Uint8Array[] {
    return this.#tree.path(index);
  }
}
