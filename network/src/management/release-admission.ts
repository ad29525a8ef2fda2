/**
 * Takes releases in (propagation, steps 1 and 2): read from the ledger, verified with the vendor's key of the ledger,
 * image fetched and checked to the last chunk, and only then in the store. What is wrong with a release stays wrong: that is
 * told once. A fetch that fails is tried again a few times; what a URL serves wrongly is told, and asked for again later.
 */
import { ExchangeError } from '../exchange/index.ts';
import { LedgerError } from '../ledger/ledger-error.ts';
import type { Contracts } from '../ledger/contracts.ts';
import { sleep, type Clock } from './clock.ts';
import type { EventSink } from './events.ts';
import type { ExpectedImages } from './expected-images.ts';
import type { ReleaseStore } from './release-store.ts';
import { verifyImage, verifyRelease, type VerifiedRelease } from './release-verification.ts';
import { describe } from './supervise.ts';

/** What admission needs. */
export interface ReleaseAdmissionParts {
  readonly contracts: Contracts;
  readonly images: ExpectedImages;
  readonly store: ReleaseStore;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const FETCH_TRIES = 5;
const FIRST_PAUSE_MS = 2_000;
/** From what a URL served wrongly to the next request for it; doubled each time. */
const FIRST_HOLD_MS = 60_000;
const LONGEST_HOLD_MS = 3_600_000;
/** Refusals remembered, so that the same release is not verified again for every device that asks. */
const REFUSALS = 1_024;

/** See the module comment. */
export class ReleaseAdmission {
  readonly #parts: ReleaseAdmissionParts;
  readonly #running = new Map<string, Promise<VerifiedRelease | null>>();
  readonly #refused = new Set<string>();
  /** Releases whose URL served something else than their manifest says. */
  readonly #held = new Map<string, { readonly until: number; readonly failures: number }>();

  constructor(parts: ReleaseAdmissionParts) {
    this.#parts = parts;
  }

  /** The verified release, or null when it was refused; one admission of a release at a time. */
  admit(id: string): Promise<VerifiedRelease | null> {
    const known = this.#parts.store.get(id);
    if (known !== undefined) return Promise.resolve(known);
    if (this.#refused.has(id) || this.#isHeld(id)) return Promise.resolve(null);
    const running = this.#running.get(id);
    if (running !== undefined) return running;
    const work = this.#verify(id).finally(() => this.#running.delete(id));
    this.#running.set(id, work);
    return work;
  }

  /** True when a release was neither taken nor refused for good: its image could not be had. */
  isOpen(id: string): boolean {
    return this.#parts.store.get(id) === undefined && !this.#refused.has(id);
  }

  /** A withdrawn release is handed out no more. */
  withdraw(id: string): void {
    this.#parts.store.remove(id);
    this.#remember(id);
  }

  async #verify(id: string): Promise<VerifiedRelease | null> {
    const { contracts, store, events, clock } = this.#parts;
    try {
      const record = await contracts.readRelease(id);
      const vendor = await contracts.readVendor(record.vendor);
      const release = verifyRelease(record, vendor, Math.floor(clock.date().getTime() / 1_000));
      verifyImage(release.manifest, await this.#fetch(release));
      store.add(release);
      this.#held.delete(id);
      events.emit({ type: 'release-accepted', release: id, model: record.model });
      return release;
    } catch (error) {
      this.#parts.signal.throwIfAborted();
      this.#refuse(id, error);
      return null;
    }
  }

  async #fetch({ record }: VerifiedRelease): Promise<Uint8Array> {
    const { images, clock, signal } = this.#parts;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await images.image(record.vendor, record.firmware, record.url);
      } catch (error) {
        if (attempt >= FETCH_TRIES || !isTransient(error)) throw error;
        await sleep(clock, FIRST_PAUSE_MS * 2 ** (attempt - 1), signal);
      }
    }
  }

  #remember(id: string): void {
    this.#refused.add(id);
    const [oldest] = this.#refused;
    if (this.#refused.size > REFUSALS && oldest !== undefined) this.#refused.delete(oldest);
  }

  #isHeld(id: string): boolean {
    return (this.#held.get(id)?.until ?? 0) > this.#parts.clock.monotonic();
  }

  /** Devices that ask meanwhile must not make this node fetch as often. */
  #hold(id: string): void {
    const failures = (this.#held.get(id)?.failures ?? 0) + 1;
    const holdMs = Math.min(FIRST_HOLD_MS * 2 ** (failures - 1), LONGEST_HOLD_MS);
    this.#held.delete(id);
    this.#held.set(id, { until: this.#parts.clock.monotonic() + holdMs, failures });
    const [oldest] = this.#held.keys();
    if (this.#held.size > REFUSALS && oldest !== undefined) this.#held.delete(oldest);
  }

  #refuse(id: string, error: unknown): void {
    // What is wrong with the release itself stays wrong; a vendor that is away may be back at the next event.
    if (isOfSource(error)) this.#hold(id);
    else if (!isTransient(error)) this.#remember(id);
    this.#parts.events.emit({
      type: 'release-refused',
      release: id,
      device: null,
      ...describe(error),
    });
  }
}

/** True when the vendor, the ledger or the way to them failed, not the release. */
function isTransient(error: unknown): boolean {
  const away = ['FETCH_UNAVAILABLE', 'FETCH_TIMEOUT', 'FETCH_TOO_SLOW', 'FETCH_REFUSED'];
  if (error instanceof ExchangeError) return away.includes(error.code);
  return error instanceof LedgerError && ['UNAVAILABLE', 'TIMEOUT'].includes(error.code);
}

/** True when a URL served something else than the signed manifest says: a mirror can do that, the release may be good. */
function isOfSource(error: unknown): boolean {
  const served = ['FETCH_TOO_LONG', 'FETCH_TOO_SHORT', 'FETCH_REDIRECTED'];
  return (
    error instanceof ExchangeError && [...served, 'EXCHANGE_DIGEST_MISMATCH'].includes(error.code)
  );
}
