/**
 * Firmware images on disk, each a file named by its SHA-256. Whoever reads gets bytes that have this digest, or an error:
 * a file is hashed when it is read into the bounded cache in memory.
 */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { readIfThere, sweepUnfinished, writeFileAtomic } from '../atomic-file.ts';
import { VendorError } from './vendor-error.ts';

export interface FirmwareStoreOptions {
  /** Bytes of one image at most. @default 67_108_864 */
  readonly maximumBytes?: number;
  /** Bytes of images kept in memory. @default 134_217_728 */
  readonly memoryBytes?: number;
}

/** An image that the store holds. */
export interface StoredImage {
  /** Lower-case hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Absolute. */
  readonly path: string;
}

const DIGEST = /^[0-9a-f]{64}$/;

export class FirmwareStore {
  readonly #directory: string;
  readonly #maximumBytes: number;
  readonly #memoryBytes: number;
  /** Least recently used first. */
  readonly #cache = new Map<string, Buffer>();
  #cachedBytes = 0;

  private constructor(directory: string, options: FirmwareStoreOptions) {
    this.#directory = directory;
    this.#maximumBytes = options.maximumBytes ?? 67_108_864;
    this.#memoryBytes = options.memoryBytes ?? 134_217_728;
  }

  static async open(directory: string, options: FirmwareStoreOptions = {}): Promise<FirmwareStore> {
    const absolute = path.resolve(directory);
    await mkdir(absolute, { recursive: true, mode: 0o700 });
    await sweepUnfinished(absolute);
    return new FirmwareStore(absolute, options);
  }

  /** Stores an image; again is harmless. @throws VendorError IMAGE_TOO_LARGE */
  async put(image: Uint8Array): Promise<StoredImage> {
    if (image.length > this.#maximumBytes) {
      throw new VendorError(
        'IMAGE_TOO_LARGE',
        `expected at most ${this.#maximumBytes} bytes, got ${image.length}`,
      );
    }
    const sha256 = digestOf(image);
    const stored = { sha256, size: image.length, path: path.join(this.#directory, sha256) };
    await writeFileAtomic(stored.path, image, 0o600);
    return stored;
  }

  /** @throws VendorError IMAGE_NOT_FOUND, IMAGE_CORRUPT */
  async read(sha256: string): Promise<Buffer> {
    const cached = this.#cache.get(sha256);
    if (cached !== undefined) {
      this.#cache.delete(sha256);
      this.#cache.set(sha256, cached);
      return cached;
    }
    const image = DIGEST.test(sha256)
      ? await readIfThere(path.join(this.#directory, sha256))
      : undefined;
    if (image === undefined) throw new VendorError('IMAGE_NOT_FOUND', `no image ${sha256}`);
    if (digestOf(image) !== sha256) {
      throw new VendorError('IMAGE_CORRUPT', `the stored image ${sha256} has another digest`);
    }
    this.#remember(sha256, image);
    return image;
  }

  /** @throws VendorError as {@link read} */
  async find(sha256: string): Promise<StoredImage> {
    const image = await this.read(sha256);
    return { sha256, size: image.length, path: path.join(this.#directory, sha256) };
  }

  #remember(sha256: string, image: Buffer): void {
    if (image.length > this.#memoryBytes || this.#cache.has(sha256)) return;
    this.#cache.set(sha256, image);
    this.#cachedBytes += image.length;
    for (const [oldest, bytes] of this.#cache) {
      if (this.#cachedBytes <= this.#memoryBytes) return;
      this.#cache.delete(oldest);
      this.#cachedBytes -= bytes.length;
    }
  }
}

function digestOf(image: Uint8Array): string {
  return createHash('sha256').update(image).digest('hex');
}
