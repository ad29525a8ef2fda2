/**
 * Hands out manifests and images (protocol §6.6): finds what a `want` names for this device, seals an image once for all
 * devices of its model, and sends as fast as the peer takes it. A bounded number of devices is served at a time.
 */
import { createHash } from 'node:crypto';
import {
  ManagerDelivery,
  type BlobObject,
  type ImageObject,
  type OfferedManifest,
} from '@lamplighter/sdk/protocol';
import type { Want } from '@lamplighter/sdk/wire';
import type { Contracts } from '../ledger/contracts.ts';
import type { LiveSession } from './live-session.ts';
import type { ReleaseStore } from './release-store.ts';
import { verifyDeviceEnvelope, type VerifiedRelease } from './release-verification.ts';
import { Slots, type Release } from './slots.ts';
import type { Supervisor } from './supervise.ts';
import type { VendorGateway } from './vendor-gateway.ts';

/** What deliveries need. */
export interface DeliveriesParts {
  readonly contracts: Contracts;
  readonly vendors: VendorGateway;
  readonly releases: ReleaseStore;
  readonly supervisor: Supervisor;
  /** Objects that every end node may have, by digest: validator links. */
  readonly shared?: (sha256: Uint8Array) => Uint8Array | undefined;
  /** Devices served at a time. @default 32 */
  readonly concurrency?: number;
}

/** Manifests and assignments that were offered and may be asked for, a session. */
const OFFERS = 8;

/** One session's deliveries. */
interface SessionDelivery {
  readonly delivery: ManagerDelivery;
  /** What was offered, by SHA-256, hex. */
  readonly envelopes: Map<string, Uint8Array>;
  /** The last `want`, until it is served. */
  want: Want | null;
  serving: boolean;
}

/** Deliveries of a node. */
export class Deliveries {
  readonly #parts: DeliveriesParts;
  readonly #slots: Slots;
  readonly #sessions = new WeakMap<LiveSession, SessionDelivery>();

  constructor(parts: DeliveriesParts) {
    this.#parts = parts;
    this.#slots = new Slots(parts.concurrency ?? 32);
  }

  /**
   * Makes the manifest of a release ready for a device: the vendor's signature for an end node, its MAC for this very
   * device for a lightweight one.
   *
   * @throws what the vendor's answer or {@link verifyDeviceEnvelope} throws
   */
  async prepare(live: LiveSession, release: VerifiedRelease): Promise<OfferedManifest> {
    const envelope = live.lightweight ? await this.#macEnvelope(live, release) : release.signed;
    return this.keep(live, envelope);
  }

  /** Makes an object ready for a device, for as long as its session lasts. */
  keep(live: LiveSession, envelope: Uint8Array): OfferedManifest {
    const { envelopes } = this.#of(live);
    const sha256 = createHash('sha256').update(envelope).digest();
    const [oldest] = envelopes.keys();
    if (envelopes.size >= OFFERS && oldest !== undefined) envelopes.delete(oldest);
    envelopes.set(sha256.toString('hex'), envelope);
    return { sha256: new Uint8Array(sha256), size: envelope.length };
  }

  /** The device has an object, or will not have it. @returns whether it was kept for it */
  forget(live: LiveSession, sha256: Uint8Array): boolean {
    return this.#sessions.get(live)?.envelopes.delete(Buffer.from(sha256).toString('hex')) ?? false;
  }

  /** §6.6 item 2: answers a `want`; a later one of the session takes its place. */
  wanted(live: LiveSession, want: Want): void {
    const state = this.#of(live);
    const working = state.want !== null || state.serving;
    state.want = want;
    if (!working) this.#parts.supervisor.run(live.device, () => this.#work(live, state));
  }

  async #work(live: LiveSession, state: SessionDelivery): Promise<void> {
    const turn = new Turn(this.#slots, live);
    await turn.begin();
    state.serving = true;
    try {
      for (let { want } = state; want !== null; { want } = state) {
        state.want = null;
        await this.#serve(live, state, want, turn);
      }
    } finally {
      state.serving = false;
      turn.end();
    }
  }

  async #serve(live: LiveSession, state: SessionDelivery, want: Want, turn: Turn): Promise<void> {
    for await (const output of state.delivery.serve(want)) {
      if (live.behind) await turn.pauseUntilDrained();
      if (live.ended.aborted || state.want !== null) return;
      if (output.kind === 'message') live.send(output.message);
      else live.sendFrame(output.frame);
    }
  }

  async #macEnvelope(live: LiveSession, release: VerifiedRelease): Promise<Uint8Array> {
    const { contracts, vendors } = this.#parts;
    const { record } = release;
    const vendor = await contracts.readVendor(record.vendor);
    const envelope = await vendors.deviceEnvelope(vendor, record.url, record.id, live.device);
    verifyDeviceEnvelope(release, envelope);
    return envelope;
  }

  #of(live: LiveSession): SessionDelivery {
    const known = this.#sessions.get(live);
    if (known !== undefined) return known;
    const envelopes = new Map<string, Uint8Array>();
    const find = (sha256: Uint8Array): Promise<BlobObject | ImageObject | null> =>
      this.#find(live, envelopes, sha256);
    const delivery = new ManagerDelivery(find, live.fmax);
    const made: SessionDelivery = { delivery, envelopes, want: null, serving: false };
    this.#sessions.set(live, made);
    return made;
  }

  /** Only what was offered in this session, what every end node may have, and images of releases of the device's own model. */
  async #find(
    live: LiveSession,
    envelopes: ReadonlyMap<string, Uint8Array>,
    sha256: Uint8Array,
  ): Promise<BlobObject | ImageObject | null> {
    const kept = envelopes.get(Buffer.from(sha256).toString('hex'));
    const bytes = kept ?? (live.lightweight ? undefined : this.#parts.shared?.(sha256));
    if (bytes !== undefined) return { kind: 'blob', bytes };
    const release = this.#parts.releases.byImage(live.model, sha256);
    if (release === undefined) return null;
    const sealed = await this.#parts.releases.sealed(release, live.suite);
    return Buffer.from(sha256).equals(release.manifest.root) ? sealed.leafList : sealed;
  }
}

/** A session's hold on a slot, which is given up while the device is waited for: who does not read keeps nobody back. */
class Turn {
  readonly #slots: Slots;
  readonly #live: LiveSession;
  #release: Release = () => undefined;

  constructor(slots: Slots, live: LiveSession) {
    this.#slots = slots;
    this.#live = live;
  }

  /** @throws `AbortError` when the session has ended */
  async begin(): Promise<void> {
    this.#release = await this.#slots.take(this.#live.ended);
  }

  /** Has no slot afterwards when the session has ended. @throws `AbortError` when it ends while a slot is waited for */
  async pauseUntilDrained(): Promise<void> {
    this.end();
    await this.#live.drained();
    if (!this.#live.ended.aborted) await this.begin();
  }

  end(): void {
    this.#release();
  }
}
