/** The releases that this node has verified and may hand out, and their images, sealed once a (release, suite). */
import { SealedImage } from '@lamplighter/sdk/protocol';
import type { Suite } from '@lamplighter/sdk/crypto';
import type { FirmwareIdentity } from '@lamplighter/chaincode';
import type { RandomSource } from './random.ts';
import type { VerifiedRelease } from './release-verification.ts';

/** Gives the image of a release. */
export type ImageOf = (release: VerifiedRelease) => Promise<Uint8Array>;

/** Options of {@link ReleaseStore}. */
export interface ReleaseStoreOptions {
  readonly random: RandomSource;
  readonly imageOf: ImageOf;
  /** Releases kept at most; the oldest go first. @default 1_024 */
  readonly capacity?: number;
  /** Sealed images kept in memory. @default 16 */
  readonly sealedImages?: number;
}

/** See the module comment. */
export class ReleaseStore {
  readonly #options: ReleaseStoreOptions;
  readonly #releases = new Map<string, VerifiedRelease>();
  /** By release and suite, least recently used first. */
  readonly #sealed = new Map<string, Promise<SealedImage>>();
  /** Content keys by release and suite: they outlive the images, so that a device may resume. */
  readonly #contentKeys = new Map<string, Uint8Array>();

  constructor(options: ReleaseStoreOptions) {
    this.#options = options;
  }

  add(release: VerifiedRelease): void {
    this.#releases.set(release.record.id, release);
    const oldest = this.#releases.keys().next();
    if (this.#releases.size > (this.#options.capacity ?? 1_024) && !oldest.done) {
      this.remove(oldest.value);
    }
  }

  /** Forgets a release: it is offered and handed out no more. */
  remove(id: string): void {
    this.#releases.delete(id);
    for (const map of [this.#sealed, this.#contentKeys]) {
      for (const key of map.keys()) if (key.startsWith(`${id}/`)) map.delete(key);
    }
  }

  get(id: string): VerifiedRelease | undefined {
    return this.#releases.get(id);
  }

  /** The release of a model whose image, or chunk tree, a `want` or `result` names. */
  byImage(model: string, digest: Uint8Array): VerifiedRelease | undefined {
    const named = Buffer.from(digest);
    return [...this.#releases.values()].find(
      ({ record, manifest }) =>
        record.model === model && (named.equals(manifest.sha256) || named.equals(manifest.root)),
    );
  }

  /** The highest release of a model that is propagated and newer than `firmware`. */
  toPropagate(model: string, firmware: FirmwareIdentity): VerifiedRelease | undefined {
    return [...this.#releases.values()]
      .filter(({ record }) => record.model === model && record.propagate)
      .filter(({ record }) => isNewer(record.firmware, firmware))
      .sort((a, b) => (isNewer(a.record.firmware, b.record.firmware) ? -1 : 1))[0];
  }

  /** The image of a release, sealed for one suite; made once for all devices. */
  sealed(release: VerifiedRelease, suite: Suite): Promise<SealedImage> {
    const key = `${release.record.id}/${suite.id}`;
    const known = this.#sealed.get(key) ?? this.#seal(key, release, suite);
    this.#sealed.delete(key);
    this.#sealed.set(key, known);
    const oldest = this.#sealed.keys().next();
    if (this.#sealed.size > (this.#options.sealedImages ?? 16) && !oldest.done) {
      this.#sealed.delete(oldest.value);
    }
    return known;
  }

  async #seal(key: string, release: VerifiedRelease, suite: Suite): Promise<SealedImage> {
    try {
      const image = await this.#options.imageOf(release);
      const cek = this.#contentKeys.get(key) ?? this.#options.random.bytes(32);
      this.#contentKeys.set(key, cek);
      return new SealedImage(suite, release.manifest, image, cek);
    } catch (error) {
      this.#sealed.delete(key);
      throw error;
    }
  }
}

/** True when (gen, sequence) of `candidate` is above that of `current`, pairwise (protocol §7.2). */
export function isNewer(candidate: FirmwareIdentity, current: FirmwareIdentity): boolean {
  if (candidate.gen !== current.gen) return candidate.gen > current.gen;
  return candidate.sequence > current.sequence;
}
