/**
 * Firmware images at hand (monitoring, step 6: M computes H(r || fw) over its own copy): files named by their SHA-256,
 * verified when they come in and when they are first used after a start, the least recently used dropped over a bound.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ManagementError } from './management-error.ts';

/** Gets the bytes of an image; limits are its own. */
export type ImageFetcher = () => Promise<Uint8Array>;

/** Options of {@link ImageCache}. */
export interface ImageCacheOptions {
  readonly directory: string;
  /** Bytes on disk at most; an image of this size or below always fits. @default 1_073_741_824 */
  readonly maximumBytes?: number;
  /** Bytes of images kept in memory as well. @default 67_108_864 */
  readonly memoryBytes?: number;
}

const FILE_NAME = /^[0-9a-f]{64}$/u;

/** Bounded store of images by digest. */
export class ImageCache {
  readonly #directory: string;
  readonly #maximumBytes: number;
  readonly #memoryBytes: number;
  /** Sizes on disk, least recently used first. */
  readonly #onDisk = new Map<string, number>();
  /** Images in memory, least recently used first. */
  readonly #inMemory = new Map<string, Uint8Array>();
  readonly #fetching = new Map<string, Promise<Uint8Array>>();

  private constructor(options: ImageCacheOptions) {
    this.#directory = options.directory;
    this.#maximumBytes = options.maximumBytes ?? 1_073_741_824;
    this.#memoryBytes = options.memoryBytes ?? 67_108_864;
  }

  /** Opens the cache and learns what is on disk. */
  static async open(options: ImageCacheOptions): Promise<ImageCache> {
    const cache = new ImageCache(options);
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    const files = (await readdir(options.directory)).filter((name) => FILE_NAME.test(name));
    for (const name of files) {
      cache.#onDisk.set(name, (await stat(path.join(options.directory, name))).size);
    }
    return cache;
  }

  /** Bytes on disk. */
  get bytesOnDisk(): number {
    return [...this.#onDisk.values()].reduce((sum, size) => sum + size, 0);
  }

  /**
   * The image with this digest, from memory, disk, or `fetch` (one fetch of a digest at a time).
   *
   * @param sha256 lower-case hex
   * @throws {@link ManagementError} DIGEST_MISMATCH when what was fetched has another digest
   */
  async image(sha256: string, fetch: ImageFetcher): Promise<Uint8Array> {
    const known = this.#inMemory.get(sha256);
    if (known !== undefined) return this.#remember(sha256, known);
    const running = this.#fetching.get(sha256);
    if (running !== undefined) return running;
    const work = this.#obtain(sha256, fetch).finally(() => this.#fetching.delete(sha256));
    this.#fetching.set(sha256, work);
    return work;
  }

  async #obtain(sha256: string, fetch: ImageFetcher): Promise<Uint8Array> {
    const stored = await this.#read(sha256);
    if (stored !== null) return this.#remember(sha256, stored);
    const bytes = await fetch();
    if (!hasDigest(bytes, sha256)) {
      throw new ManagementError(
        'DIGEST_MISMATCH',
        `expected an image with SHA-256 ${sha256}, the ${bytes.length} bytes that came have another`,
      );
    }
    await this.#write(sha256, bytes);
    return this.#remember(sha256, bytes);
  }

  /** The stored image, or null when it is not there or was damaged on disk (then it is fetched again). */
  async #read(sha256: string): Promise<Uint8Array | null> {
    const size = this.#onDisk.get(sha256);
    if (size === undefined) return null;
    const file = path.join(this.#directory, sha256);
    const bytes = new Uint8Array(await readFile(file));
    this.#onDisk.delete(sha256);
    if (hasDigest(bytes, sha256)) {
      this.#onDisk.set(sha256, bytes.length);
      return bytes;
    }
    await rm(file, { force: true });
    return null;
  }

  async #write(sha256: string, bytes: Uint8Array): Promise<void> {
    const file = path.join(this.#directory, sha256);
    await writeFile(`${file}.part`, bytes, { mode: 0o600 });
    await rename(`${file}.part`, file);
    this.#onDisk.set(sha256, bytes.length);
    let total = this.bytesOnDisk;
    for (const [name, size] of this.#onDisk) {
      if (total <= this.#maximumBytes || name === sha256) break;
      this.#onDisk.delete(name);
      total -= size;
      await rm(path.join(this.#directory, name), { force: true });
    }
  }

  #remember(sha256: string, bytes: Uint8Array): Uint8Array {
    this.#inMemory.delete(sha256);
    this.#inMemory.set(sha256, bytes);
    let total = [...this.#inMemory.values()].reduce((sum, image) => sum + image.length, 0);
    for (const [name, image] of this.#inMemory) {
      if (total <= this.#memoryBytes || name === sha256) break;
      this.#inMemory.delete(name);
      total -= image.length;
    }
    return bytes;
  }
}

function hasDigest(bytes: Uint8Array, sha256: string): boolean {
  const expected = Buffer.from(sha256, 'hex');
  const actual = createHash('sha256').update(bytes).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
