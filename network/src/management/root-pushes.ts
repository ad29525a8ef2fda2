/**
 * The vendor's roots on their way to end nodes (protocol §7.1): before a release of a later generation is offered, the device is
 * given each generation that it may have slept through, in order.
 */
import { BlobKind, ResultCode } from '@lamplighter/sdk/wire';
import type { Contracts } from '../ledger/contracts.ts';
import type { DeviceEntry } from './device-database.ts';
import type { EventSink } from './events.ts';
import type { LiveSession } from './live-session.ts';
import type { Pushes } from './pushes.ts';
import { describe } from './supervise.ts';
import type { VendorGateway } from './vendor-gateway.ts';

export interface RootPushesParts {
  readonly contracts: Pick<Contracts, 'readVendor'>;
  readonly vendors: Pick<VendorGateway, 'roots'>;
  readonly pushes: Pick<Pushes, 'push'>;
  readonly events: EventSink;
}

/** See the module comment. */
export class RootPushes {
  readonly #parts: RootPushesParts;
  /** Up to which generation a session has been told. */
  readonly #told = new WeakMap<LiveSession, number>();

  constructor(parts: RootPushesParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when the device has all generations up to `gen`, or will not take them: its word on the release tells then. What the
   * device runs shows a generation that it has.
   */
  async bring(live: LiveSession, { vendor, firmware }: DeviceEntry, gen: number): Promise<void> {
    const from = Math.max(firmware.gen, this.#told.get(live) ?? 0);
    if (live.lightweight || gen <= from) return;
    const { contracts, vendors, pushes, events } = this.#parts;
    try {
      const record = await contracts.readVendor(vendor);
      for (const envelope of await vendors.roots(record, from)) {
        const code = await pushes.push(live, envelope, BlobKind.roots);
        if (code !== ResultCode.good && code !== ResultCode.alreadyThere) return;
      }
      this.#told.set(live, gen);
    } catch (error) {
      events.emit({ type: 'alarm', device: live.device, ...describe(error) });
    }
  }
}
