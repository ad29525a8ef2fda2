/**
 * Asks the vendor for a new assignment of a device whose chain comes to its end (protocol §3.3); it comes by the ledger, as
 * every assignment does. A device is asked for at most once in a quarter of an hour, whatever it does.
 */
import type { Contracts } from '../ledger/contracts.ts';
import type { Clock } from './clock.ts';
import type { DeviceDatabase } from './device-database.ts';
import type { EventSink } from './events.ts';
import { Slots } from './slots.ts';
import type { Supervisor } from './supervise.ts';
import { KeyedRate } from './token-bucket.ts';
import type { VendorGateway } from './vendor-gateway.ts';

/** What asking needs. */
export interface RenewalsParts {
  readonly database: DeviceDatabase;
  readonly contracts: Pick<Contracts, 'readVendor'>;
  readonly vendors: Pick<VendorGateway, 'renewal'>;
  readonly events: EventSink;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const RATE = { burst: 1, perSecond: 1 / 900 };
/** Devices remembered. */
const DEVICES = 65_536;
/** Requests at a time. */
const CONCURRENCY = 8;

/** See the module comment. */
export class Renewals {
  readonly #parts: RenewalsParts;
  readonly #rate = new KeyedRate(RATE, DEVICES);
  readonly #slots = new Slots(CONCURRENCY);

  constructor(parts: RenewalsParts) {
    this.#parts = parts;
  }

  /** A session of this device has shown that its chain has few values left, or none. */
  ask(device: string): void {
    const { clock, supervisor } = this.#parts;
    if (!this.#rate.take(device, clock.monotonic())) return;
    supervisor.run(device, () => this.#ask(device));
  }

  async #ask(device: string): Promise<void> {
    const { database, contracts, vendors, events, signal } = this.#parts;
    const release = await this.#slots.take(signal);
    try {
      const entry = database.get(device);
      if (entry === undefined) return;
      const { serial } = entry;
      await vendors.renewal(await contracts.readVendor(entry.vendor), { device, serial });
      events.emit({ type: 'renewal-asked', device, serial });
    } finally {
      release();
    }
  }
}
