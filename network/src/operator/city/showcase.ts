/**
 * What the demonstration shows: a sale of shares, and releases: one for devices that ask, two that are propagated, one that a thief signs, and
 * one whose device envelopes are altered on their way. Each is approved by another organisation, as a real one would.
 */
import { randomBytes } from 'node:crypto';
import { newEd25519Signer } from '@lamplighter/sdk/crypto';
import { LedgerError } from '../../ledger/index.ts';
import { signRelease, type VendorNode } from '../../vendor/index.ts';
import type { ShowcaseReleases } from './acceptance.ts';
import { hubImage, UPDATE_VERSION } from './images.ts';
import type { Journal } from './journal.ts';
import type { Vendors } from './nodes.ts';
import { type ModelPlan, SALE, SHOWCASE, VENDORS } from './plan.ts';
import { onceThere, unlessThere } from './registrations.ts';

/** Release id to version text, for the lines that name a release. */
export type VersionNames = Map<string, string>;

export class Showcase {
  readonly #vendors: Vendors;
  readonly #journal: Journal;
  readonly #names: VersionNames;
  readonly #mirrorUrl: string;

  /** @param mirrorUrl base URL of the mirror that alters device envelopes */
  constructor(vendors: Vendors, journal: Journal, names: VersionNames, mirrorUrl: string) {
    this.#vendors = vendors;
    this.#journal = journal;
    this.#names = names;
    this.#mirrorUrl = mirrorUrl;
  }

  /** Sells the shares, publishes and approves everything. */
  async run(): Promise<ShowcaseReleases> {
    const [releases] = await Promise.all([this.#release(), this.#sell()]);
    return releases;
  }

  /** Payment is off the ledger. Who was convicted in the meantime may neither sell nor buy: then nothing is sold. */
  async #sell(): Promise<void> {
    const parties = await this.#tradeParties();
    if (parties === undefined) return;
    const { seller, buyer, mspId } = parties;
    const { id, shares, price } = SALE;
    try {
      await unlessThere('OFFER_EXISTS', () =>
        seller.stake.offer({ id, shares, price, buyer: mspId }),
      );
      await unlessThere('OFFER_CLOSED', () =>
        onceThere('OFFER_NOT_FOUND', () => buyer.stake.accept(id)),
      );
    } catch (error) {
      if (!(error instanceof LedgerError && error.code === 'STAKE_BARRED')) throw error;
    }
  }

  /** The largest active organisation's vendor and the smallest's, with its MSP id; undefined when no two are active. */
  async #tradeParties(): Promise<
    { seller: VendorNode; buyer: VendorNode; mspId: string } | undefined
  > {
    const [anyone] = this.#vendors.values();
    const { organisations } = (await anyone?.stake.status()) ?? { organisations: [] };
    const active = VENDORS.flatMap(({ id, mspId }) => {
      const node = this.#vendors.get(id);
      const rank = organisations
        .filter(({ standing }) => standing === 'active')
        .findIndex((each) => each.mspId === mspId);
      return node === undefined || rank < 0 ? [] : [{ node, mspId, rank }];
    }).sort((left, right) => left.rank - right.rank);
    const [first, last] = [active.at(0), active.at(-1)];
    if (first === undefined || last === undefined || first === last) return undefined;
    return { seller: first.node, buyer: last.node, mspId: last.mspId };
  }

  async #release(): Promise<ShowcaseReleases> {
    const forged = await this.#publishForged(SHOWCASE.forged);
    const onRequest = await this.#publish(SHOWCASE.onRequest, { propagate: false });
    const propagated = await Promise.all(
      SHOWCASE.propagated.map(
        async (model) => [model, await this.#publish(model, { propagate: true })] as const,
      ),
    );
    const tamperedMirror = await this.#publish(SHOWCASE.tamperedMirror, {
      propagate: true,
      url: this.#mirrorUrl,
    });
    return { onRequest, propagated: Object.fromEntries(propagated), tamperedMirror, forged };
  }

  async #publish(
    id: string,
    how: { readonly propagate: boolean; readonly url?: string },
  ): Promise<string> {
    const { model, vendor, reviewer } = this.#parties(id);
    const { bytes: image, sequence: seq, version } = hubImage(model.archive, UPDATE_VERSION);
    const release = await vendor.publish({ model: id, image, gen: 0, seq, version, ...how });
    this.#names.set(release.id, version);
    await reviewer.approve(release.id);
    return release.id;
  }

  /** A thief with the vendor's Fabric identity, but not its release key. The ledger has to refuse. */
  async #publishForged(id: string): Promise<string> {
    const { model, vendor } = this.#parties(id);
    const { bytes, sequence: seq, version } = hubImage(model.archive, UPDATE_VERSION);
    const text = {
      vendor: vendor.id,
      model: id,
      gen: 0,
      seq,
      version,
      expiry: Math.floor(Date.now() / 1_000) + 86_400,
      component: ['firmware', 0] as const,
      chunkLog2: 14,
    };
    const release = signRelease(text, bytes, newEd25519Signer(new Uint8Array(randomBytes(32))));
    const envelope = Buffer.from(release.envelope).toString('hex');
    this.#names.set(release.id, version);
    try {
      await vendor.contracts.publishRelease({ envelope, url: vendor.url, propagate: true });
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      this.#journal.refuse({ release: release.id, by: 'ledger', code: error.code });
    }
    return release.id;
  }

  /** A model's plan, its vendor, and another organisation that reviews. */
  #parties(id: string): { model: ModelPlan; vendor: VendorNode; reviewer: VendorNode } {
    const plan = VENDORS.find((each) => each.models.some((model) => model.id === id));
    const model = plan?.models.find((each) => each.id === id);
    const vendor = this.#vendors.get(plan?.id ?? '');
    const reviewer = [...this.#vendors.values()].find((each) => each !== vendor);
    if (model === undefined || vendor === undefined || reviewer === undefined) {
      throw new RangeError(`no vendor of the plan makes ${id}`);
    }
    return { model, vendor, reviewer };
  }
}
