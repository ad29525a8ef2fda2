/**
 * The releases of this vendor, in a small file: which image belongs to which, so that a download can be recorded, and
 * those of which it is not known whether they stand on the ledger, so that they can be finished.
 */
import type { ReleasePublication } from '@lamplighter/chaincode';

import { readIfThere, writeFileAtomic } from '../atomic-file.ts';
import { VendorError } from './vendor-error.ts';

export interface PublishedRelease {
  /** SHA-256 of the manifest payload, hex. */
  readonly id: string;
  /** SHA-256 of the image, hex. */
  readonly sha256: string;
  /** What PublishRelease is given, until it is known to have been done. */
  readonly pending?: ReleasePublication;
}

const FORMAT = 'lamplighter.published-releases.v1';
/** Releases remembered; the oldest go first. */
const CAPACITY = 10_000;

export class PublishedReleases {
  readonly #file: string;
  readonly #releases: PublishedRelease[];
  #writing: Promise<void> = Promise.resolve();

  private constructor(file: string, releases: readonly PublishedRelease[]) {
    this.#file = file;
    this.#releases = [...releases];
  }

  /** @throws VendorError STORE_CORRUPT */
  static async open(file: string): Promise<PublishedReleases> {
    const bytes = await readIfThere(file);
    return new PublishedReleases(file, bytes === undefined ? [] : parse(file, bytes));
  }

  /** The newest release of an image. @returns its id, undefined when the image was never released */
  releaseOf(sha256: string): string | undefined {
    return this.#releases.findLast((release) => release.sha256 === sha256)?.id;
  }

  /** Those whose end is not known, oldest first. */
  pending(): readonly PublishedRelease[] {
    return this.#releases.filter((release) => release.pending !== undefined);
  }

  /** Replaces one of the same id. On disk when this returns. */
  async add(release: PublishedRelease): Promise<void> {
    const at = this.#releases.findIndex(({ id }) => id === release.id);
    if (at >= 0) this.#releases[at] = release;
    else this.#releases.push(release);
    if (this.#releases.length > CAPACITY) this.#releases.shift();
    await this.#save();
  }

  /** Forgets a release that is not on the ledger. On disk when this returns. */
  async remove(id: string): Promise<void> {
    const at = this.#releases.findIndex((release) => release.id === id);
    if (at >= 0) this.#releases.splice(at, 1);
    await this.#save();
  }

  async #save(): Promise<void> {
    const write = this.#writing.then(() =>
      writeFileAtomic(this.#file, JSON.stringify({ format: FORMAT, releases: this.#releases })),
    );
    // Whoever added hears of a failed write; the next write holds everything anew.
    this.#writing = write.catch(() => undefined);
    await write;
  }
}

function parse(file: string, bytes: Buffer): readonly PublishedRelease[] {
  try {
    const document = JSON.parse(bytes.toString('utf8')) as {
      readonly format?: unknown;
      readonly releases?: unknown;
    };
    if (document.format === FORMAT && Array.isArray(document.releases)) {
      return document.releases as readonly PublishedRelease[];
    }
  } catch (error) {
    throw new VendorError('STORE_CORRUPT', `${file} is not JSON`, { cause: error });
  }
  throw new VendorError('STORE_CORRUPT', `${file} is not a ${FORMAT} document`);
}
