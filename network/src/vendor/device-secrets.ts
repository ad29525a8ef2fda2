/**
 * What only a vendor knows of its devices: `kv_0` of each (protocol §2.1) and the assignments it signed. One JSON
 * document, sealed under the node's master key, written atomically before anything that rests on it leaves the node.
 */
import type { DeviceKind, FirmwareIdentity } from '@lamplighter/chaincode';

import { readSealed, writeSealed } from '../at-rest/sealed-file.ts';
import type { Sealer } from '../at-rest/sealer.ts';
import { VendorError } from './vendor-error.ts';

/** An assignment as it was signed, kept for its hand-over. */
export interface StoredAssignment {
  readonly manager: string;
  readonly serial: number;
  readonly epoch: number;
  /** 16 bytes, hex. */
  readonly kid: string;
  /** `signed` assignment (§7.1), hex. */
  readonly envelope: string;
  /** First intervals, seconds. */
  readonly fti: number;
  readonly rti: number;
  readonly uti: number;
}

export interface DeviceSecret {
  readonly id: string;
  readonly model: string;
  readonly kind: DeviceKind;
  /** Suites that it carries, the one it prefers first; stores of earlier versions have none. */
  readonly suites?: readonly number[];
  /** Whether weak suites may be among them. */
  readonly legacy?: boolean;
  /** Whether its managers prove themselves by chains, whatever else they have (protocol §3.3). */
  readonly chained?: boolean;
  /** 32 bytes, hex. */
  readonly kv0: string;
  /** The newest that stands on the ledger; null before the first. */
  readonly assignment: StoredAssignment | null;
  /** Kids of the assignments before that one, hex, newest first, bounded: the device may hold any of them (§2.3). */
  readonly formerKids?: readonly string[];
  /** Signed after it, and not known to stand on the ledger: the same envelope is sent until that is known. */
  readonly pending?: StoredAssignment;
  /** What was ordered, until the first assignment stands. */
  readonly order?: UnfinishedOrder;
}

/** All that finishing a device takes; intervals in seconds. */
export interface UnfinishedOrder {
  readonly manager: string;
  readonly firmware: FirmwareIdentity;
  readonly fti: number;
  readonly rti: number;
  readonly uti: number;
}

interface SecretsDocument {
  readonly format: typeof FORMAT;
  readonly devices: readonly DeviceSecret[];
}

const FORMAT = 'lamplighter.device-secrets.v1';

export class DeviceSecrets {
  readonly #file: string;
  readonly #sealer: Sealer;
  readonly #capacity: number;
  readonly #devices: Map<string, DeviceSecret>;
  #writing: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  private constructor(
    place: { readonly file: string; readonly sealer: Sealer; readonly capacity: number },
    devices: readonly DeviceSecret[],
  ) {
    this.#file = place.file;
    this.#sealer = place.sealer;
    this.#capacity = place.capacity;
    this.#devices = new Map(devices.map((device) => [device.id, device]));
  }

  /**
   * @param file path; on the disk it ends in `.sealed`
   * @param capacity devices at most; @default 100_000
   * @throws VendorError STORE_CORRUPT; AtRestError MASTER_KEY_WRONG, SEALED_DAMAGED
   */
  static async open(file: string, sealer: Sealer, capacity = 100_000): Promise<DeviceSecrets> {
    const bytes = await readSealed(file, sealer, (inTheOpen) => parse(file, inTheOpen));
    const devices = bytes === undefined ? [] : parse(file, bytes).devices;
    return new DeviceSecrets({ file, sealer, capacity }, devices);
  }

  get size(): number {
    return this.#devices.size;
  }

  /** Ids, in the order they were made. */
  ids(): readonly string[] {
    return [...this.#devices.keys()];
  }

  /** Devices whose making or newest assignment an earlier run did not finish. */
  unfinished(): readonly DeviceSecret[] {
    return [...this.#devices.values()].filter(
      ({ assignment, pending }) => assignment === null || pending !== undefined,
    );
  }

  has(id: string): boolean {
    return this.#devices.has(id);
  }

  /** @throws VendorError DEVICE_UNKNOWN */
  get(id: string): DeviceSecret {
    const device = this.#devices.get(id);
    if (device === undefined) throw new VendorError('DEVICE_UNKNOWN', `no device "${id}" here`);
    return device;
  }

  /** New devices, all or none; on disk when this returns. @throws VendorError DEVICE_EXISTS, STORE_FULL */
  async add(devices: readonly DeviceSecret[]): Promise<void> {
    for (const { id } of devices) {
      if (this.has(id)) throw new VendorError('DEVICE_EXISTS', `device "${id}" was made before`);
    }
    if (this.size + devices.length > this.#capacity) {
      throw new VendorError('STORE_FULL', `expected at most ${this.#capacity} devices`);
    }
    for (const device of devices) this.#devices.set(device.id, device);
    await this.#save();
  }

  /** Replaces devices that are there; on disk when this returns. */
  async update(devices: readonly DeviceSecret[]): Promise<void> {
    for (const device of devices) {
      this.get(device.id);
      this.#devices.set(device.id, device);
    }
    await this.#save();
  }

  /** Forgets devices whose registration failed. */
  async remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#devices.delete(id);
    await this.#save();
  }

  /** One write at a time; changes that come during a write share the next one. */
  #save(): Promise<void> {
    this.#next ??= this.#writing
      // Whoever began that write hears of its failure; this one writes everything anew.
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        const document: SecretsDocument = { format: FORMAT, devices: [...this.#devices.values()] };
        const bytes = Buffer.from(JSON.stringify(document));
        this.#writing = writeSealed(this.#file, bytes, this.#sealer);
        return this.#writing;
      });
    return this.#next;
  }
}

function parse(file: string, bytes: Uint8Array): SecretsDocument {
  let document: Partial<SecretsDocument> | null;
  try {
    document = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<SecretsDocument> | null;
  } catch {
    // The parser's message would quote the file, that is, secrets.
    throw new VendorError('STORE_CORRUPT', `${file} is not JSON`);
  }
  if (document?.format !== FORMAT || !Array.isArray(document.devices)) {
    throw new VendorError('STORE_CORRUPT', `${file} is not a ${FORMAT} document`);
  }
  return document as SecretsDocument;
}
