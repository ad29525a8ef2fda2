/** Gets the image that a device should run, or that a release brings, through the cache on disk. */
import type { FirmwareIdentity } from '@lamplighter/chaincode';
import type { Contracts } from '../ledger/contracts.ts';
import type { ImageCache } from './image-cache.ts';
import type { VendorGateway } from './vendor-gateway.ts';

/** Where images come from. */
export class ExpectedImages {
  readonly #cache: ImageCache;
  readonly #vendors: VendorGateway;
  readonly #contracts: Contracts;

  constructor(cache: ImageCache, vendors: VendorGateway, contracts: Contracts) {
    this.#cache = cache;
    this.#vendors = vendors;
    this.#contracts = contracts;
  }

  /**
   * An image by its digest, fetched when it is not at hand.
   *
   * @param vendor id
   * @param url base URL to fetch from; @default the vendor's
   * @throws {@link ManagementError} DIGEST_MISMATCH, and what the ledger and the vendor throw
   */
  image(vendor: string, image: FirmwareIdentity, url?: string): Promise<Uint8Array> {
    return this.#cache.image(image.sha256, async () => {
      const record = await this.#contracts.readVendor(vendor);
      return this.#vendors.image(record, url ?? record.url, image);
    });
  }
}
