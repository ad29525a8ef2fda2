/**
 * Tells a device that left this node where it belongs now (protocol §2.3): in its session if it has one, else by `notice`
 * when it dials. The assignment comes from its vendor, by the digest on the ledger; while the vendor is away it is owed.
 */
import { CloseCode } from '@lamplighter/sdk/wire';
import type { Contracts } from '../ledger/contracts.ts';
import type { DeviceEntry } from './device-database.ts';
import type { LiveSession } from './live-session.ts';
import { replacedKids } from './memory-device-database.ts';
import type { Partings } from './partings.ts';
import type { Pushes } from './pushes.ts';
import type { Schedule } from './schedule.ts';
import { isEnding, type Supervisor } from './supervise.ts';
import type { VendorGateway } from './vendor-gateway.ts';

/** What a farewell needs. */
export interface FarewellsParts {
  /** Own id. */
  readonly id: string;
  readonly contracts: Pick<Contracts, 'readDevice' | 'readVendor'>;
  readonly vendors: Pick<VendorGateway, 'assignment'>;
  readonly partings: Partings;
  readonly pushes: Pushes;
  readonly schedule: Schedule;
  readonly supervisor: Supervisor;
}

/** Pause before a fetch that failed is tried again. */
const AGAIN_MS = 300_000;

/** See the module comment. */
export class Farewells {
  readonly #parts: FarewellsParts;

  constructor(parts: FarewellsParts) {
    this.#parts = parts;
  }

  /** Goes on with what an earlier process owed. */
  takeUp(): void {
    for (const device of this.#parts.partings.owed()) this.tell(device, undefined);
  }

  /** A device leaves. Resolves when that is kept, so that no crash after it leaves the device without an answer. */
  part(entry: DeviceEntry): Promise<void> {
    const { kid } = entry.secrets.assignment;
    return this.#parts.partings.owe(entry.id, [kid, ...replacedKids(entry)]);
  }

  /** The device is this node's again. */
  async cameBack(device: string): Promise<void> {
    const { partings, schedule } = this.#parts;
    schedule.cancel(keyOf(device));
    await partings.drop(device);
  }

  /** Fetches what a device that left is to be told, and tells it in the session that it has. */
  tell(device: string, live: LiveSession | undefined): void {
    this.#parts.supervisor.run(device, () => this.#tell(device, live));
  }

  async #tell(device: string, live: LiveSession | undefined): Promise<void> {
    const { partings, pushes } = this.#parts;
    let closeCode: number = CloseCode.notAuthenticated;
    try {
      const envelope = await this.#assignmentOf(device);
      if (envelope === null) {
        await partings.drop(device);
        return;
      }
      await partings.fulfil(device, envelope);
      closeCode = CloseCode.replaced;
      if (live !== undefined) await pushes.push(live, envelope);
    } catch (error) {
      if (!isEnding(error)) this.#again(device);
      throw error;
    } finally {
      live?.close(closeCode);
    }
  }

  /** Null when the device is this node's, or nobody's. */
  async #assignmentOf(device: string): Promise<Uint8Array | null> {
    const { id, contracts, vendors } = this.#parts;
    const { assignment, state, vendor } = await contracts.readDevice(device);
    if (assignment === null || (assignment.manager === id && state !== 'retired')) return null;
    const { serial, digest } = assignment;
    return vendors.assignment(await contracts.readVendor(vendor), { device, serial, digest });
  }

  #again(device: string): void {
    this.#parts.schedule.set(keyOf(device), AGAIN_MS, () => {
      this.tell(device, undefined);
    });
  }
}

function keyOf(device: string): string {
  return `${device}/farewell`;
}
