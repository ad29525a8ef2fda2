/** What this node asks of vendor nodes: the requests of `exchange`, with its own keys and the vendor's from the ledger. */
import type { FirmwareIdentity, VendorRecord } from '@lamplighter/chaincode';
import {
  requestAssignment,
  requestDeviceEnvelope,
  requestValidatorSet,
  requestHandOver,
  requestImage,
  requestRenewal,
  requestRoots,
  requestUpdate,
  type HandOver,
  type ManagerParty,
  type UpdateAnswer,
} from '../exchange/index.ts';

/** Keys that face vendors. */
export interface VendorGatewayKeys {
  /** PU_j's Ed25519 seed. */
  readonly signature: Uint8Array;
  /** Secret of the `sealingKey` on the ledger: X25519, or RSA in DER. */
  readonly sealing: Uint8Array;
}

/** An assignment to be fetched. */
export interface HandOverQuestion {
  readonly device: string;
  readonly serial: number;
  /** SHA-256 of the assignment payload on the ledger, hex. */
  readonly digest: string;
}

/** Requests to vendors; each has a byte limit, a deadline and a least rate, and throws {@link ExchangeError}. */
export class VendorGateway {
  readonly #id: string;
  readonly #keys: VendorGatewayKeys;
  readonly #signal: AbortSignal;

  /**
   * @param id own id
   * @param signal ends every request
   */
  constructor(id: string, keys: VendorGatewayKeys, signal: AbortSignal) {
    this.#id = id;
    this.#keys = keys;
    this.#signal = signal;
  }

  /** The image with this digest and size. @param url base URL: the vendor's, or a release's */
  image(vendor: VendorRecord, url: string, image: FirmwareIdentity): Promise<Uint8Array> {
    const party = { ...this.#party(vendor), url };
    return requestImage(party, { sha256: bytesOf(image.sha256), size: image.size });
  }

  /** The `signed` manifest for one lightweight device, with the vendor's MAC (alg 3). */
  deviceEnvelope(
    vendor: VendorRecord,
    url: string,
    release: string,
    device: string,
  ): Promise<Uint8Array> {
    return requestDeviceEnvelope({ ...this.#party(vendor), url }, release, device);
  }

  /** Verified against the vendor's key and the ledger's digest. */
  handOver(vendor: VendorRecord, question: HandOverQuestion): Promise<HandOver> {
    const digest = bytesOf(question.digest);
    return requestHandOver(this.#party(vendor), { ...question, digest });
  }

  /** The `signed` assignment that took a device away, by the ledger's digest. */
  assignment(vendor: VendorRecord, question: HandOverQuestion): Promise<Uint8Array> {
    const digest = bytesOf(question.digest);
    return requestAssignment(this.#party(vendor), { ...question, digest });
  }

  /** Signed generations of the vendor's roots after `gen`, in order; devices judge them. */
  roots(vendor: VendorRecord, gen: number): Promise<readonly Uint8Array[]> {
    return requestRoots(this.#party(vendor), gen);
  }

  /** Renewal of a chain (protocol §3.3). */
  renewal(
    vendor: VendorRecord,
    assignment: { readonly device: string; readonly serial: number },
  ): Promise<void> {
    return requestRenewal(this.#party(vendor), assignment);
  }

  /** The present validator set as the vendor signed it (§7.3, kind 8). */
  validatorSet(vendor: VendorRecord): Promise<Uint8Array> {
    return requestValidatorSet(this.#party(vendor));
  }

  /** Update request, steps 4 to 7. */
  updateRequest(
    vendor: VendorRecord,
    running: {
      readonly device: string;
      readonly model: string;
      readonly firmware: FirmwareIdentity;
    },
  ): Promise<UpdateAnswer> {
    const { device, model, firmware } = running;
    const { gen, sequence: seq } = firmware;
    const sha256 = bytesOf(firmware.sha256);
    return requestUpdate(this.#party(vendor), { device, model, gen, seq, sha256 });
  }

  #party(vendor: VendorRecord): ManagerParty {
    return {
      manager: this.#id,
      signatureKey: this.#keys.signature,
      sealingSecretKey: this.#keys.sealing,
      vendor: vendor.id,
      vendorKey: bytesOf(vendor.signingKey),
      url: vendor.url,
      signal: this.#signal,
    };
  }
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}
