/** Publishes this vendor's releases and judges those of others. */
import type { ReleasePublication, ReleaseRecord } from '@lamplighter/chaincode';
import type { Manifest } from '@lamplighter/sdk/wire';

import { ExchangeError, fetchImage } from '../exchange/index.ts';
import { LedgerError, type Contracts } from '../ledger/index.ts';
import type { FirmwareStore } from './firmware-store.ts';
import { COMPONENT } from './provisioning.ts';
import type { PublishedRelease, PublishedReleases } from './published-releases.ts';
import { reviewManifest, reviewRelease, signRelease, type SignedRelease } from './release.ts';
import { isRefusal, withRetries } from './retry.ts';
import type { RootKeys } from './root-keys.ts';
import { VendorError } from './vendor-error.ts';

/** A release to be published. */
export interface ReleaseOrder {
  readonly model: string;
  readonly image: Uint8Array;
  readonly gen: number;
  readonly seq: number;
  readonly version: string;
  /** Whether managers propagate it at once (protocol 4) or keep it for devices that ask (protocol 2). */
  readonly propagate: boolean;
  /** Seconds since 1970. @default a year from now */
  readonly expiry?: number;
  /** Base URL of a mirror. @default the vendor's own */
  readonly url?: string;
}

export interface ReleaseDeskParts {
  /** Own id. */
  readonly vendor: string;
  /** Own base URL. */
  readonly url: string;
  readonly contracts: Contracts;
  readonly store: FirmwareStore;
  readonly published: PublishedReleases;
  /** Ed25519 seed. */
  readonly releaseKey: Uint8Array;
  readonly roots: Pick<RootKeys, 'rotated' | 'roots' | 'signers'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** log2 of the default chunk sizes (protocol §8). */
const CHUNK_LOG2 = { end: 14, lightweight: 10 } as const;
const YEAR_SECONDS = 365 * 86_400;

export class ReleaseDesk {
  readonly #parts: ReleaseDeskParts;

  constructor(parts: ReleaseDeskParts) {
    this.#parts = parts;
  }

  /**
   * Image on disk, then the signed manifest, then the release on the ledger. When that breaks off, `resume` finishes it.
   *
   * @throws LedgerError; with `maybeOrdered` the release may yet be published. VendorError IMAGE_TOO_LARGE
   */
  async publish(order: ReleaseOrder, signal: AbortSignal): Promise<SignedRelease> {
    const { vendor, contracts, store, published, roots } = this.#parts;
    const { model, seq, version, propagate } = order;
    const { kind } = await contracts.readModel(model);
    // §7.2: gen is that of the roots, which before the first rotation is what devices were made with.
    const gen = roots.rotated ? roots.roots.gen : order.gen;
    const expiry = order.expiry ?? this.#seconds() + YEAR_SECONDS;
    const { sha256 } = await store.put(order.image);
    const text = { vendor, model, gen, seq, version, expiry, component: COMPONENT };
    const described = { ...text, chunkLog2: CHUNK_LOG2[kind] };
    const release = signRelease(described, order.image, ...roots.signers);
    const envelope = Buffer.from(release.envelope).toString('hex');
    const publication = { envelope, url: order.url ?? this.#parts.url, propagate };
    const pending = { id: release.id, sha256, pending: publication };
    await published.add(pending);
    try {
      await this.#bring(pending, publication, signal);
    } catch (error) {
      // Nothing was ordered, so it is as if this release had never been.
      const undone = error instanceof LedgerError && !error.maybeOrdered;
      if (undone) await published.remove(release.id);
      throw error;
    }
    return release;
  }

  /**
   * Publishes what an earlier run had signed and may not have sent. A release that the ledger refuses, or whose image is
   * lost, is forgotten.
   *
   * @returns the failures, by release
   */
  async resume(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, unknown>> {
    const { published, store } = this.#parts;
    const failures = new Map<string, unknown>();
    for (const release of published.pending().filter((each) => ids.includes(each.id))) {
      const { id, sha256, pending } = release;
      try {
        await store.find(sha256);
        if (pending !== undefined) await this.#bring(release, pending, signal);
      } catch (error) {
        signal.throwIfAborted();
        failures.set(id, error);
        if (isRefusal(error) || error instanceof VendorError) await published.remove(id);
      }
    }
    return failures;
  }

  /** Its id is the digest of what is signed: one that exists is this one. */
  async #bring(
    { id, sha256 }: PublishedRelease,
    publication: ReleasePublication,
    signal: AbortSignal,
  ): Promise<void> {
    const { contracts, published } = this.#parts;
    try {
      await withRetries(() => contracts.publishRelease(publication, { signal }), signal);
    } catch (error) {
      if (!(error instanceof LedgerError) || error.code !== 'RELEASE_EXISTS') throw error;
    }
    await published.add({ id, sha256 });
  }

  /**
   * Checks another vendor's release as far as one can from outside: manifest first, then the image from its URL.
   *
   * @throws VendorError RELEASE_REFUSED; ExchangeError when the image can not be had
   */
  async review(id: string, signal: AbortSignal): Promise<Manifest> {
    const { contracts } = this.#parts;
    const release = await contracts.readRelease(id, { signal });
    const [publisher, model] = await Promise.all([
      contracts.readVendor(release.vendor, { signal }),
      contracts.readModel(release.model, { signal }),
    ]);
    const vendorKey = new Uint8Array(Buffer.from(publisher.signingKey, 'hex'));
    const against = { vendorKey, model, now: this.#seconds() };
    const manifest = reviewManifest(release, against);
    const image = await this.#imageOf(release, manifest, signal);
    return reviewRelease(release, { ...against, image });
  }

  /** Reviews, then approves in this organisation's name. @throws as {@link review}, LedgerError */
  async approve(id: string, signal: AbortSignal): Promise<void> {
    const { contracts } = this.#parts;
    await this.review(id, signal);
    await withRetries(() => contracts.approveRelease(id, { signal }), signal);
  }

  async #imageOf(
    release: ReleaseRecord,
    manifest: Manifest,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const { vendor: party, releaseKey } = this.#parts;
    const source = {
      role: 'vendor' as const,
      party,
      vendor: release.vendor,
      url: release.url,
      signal,
    };
    try {
      return await fetchImage(source, manifest, releaseKey);
    } catch (error) {
      if (!(error instanceof ExchangeError) || !WRONG_IMAGE.has(error.code)) throw error;
      const text = `release ${release.id}: ${error.message}`;
      throw new VendorError('RELEASE_REFUSED', text, { cause: error });
    }
  }

  #seconds(): number {
    return Math.floor(this.#parts.now() / 1_000);
  }
}

/** The publisher serves something else than its manifest says. */
const WRONG_IMAGE: ReadonlySet<string> = new Set([
  'EXCHANGE_DIGEST_MISMATCH',
  'FETCH_TOO_LONG',
  'FETCH_TOO_SHORT',
]);
