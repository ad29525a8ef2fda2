/**
 * What a device with its keys may cost: the keys of one lamp on a desk must not buy a gateway's processor, its vendor's
 * attention or the ledger's blocks. Counted by device, not by session, which is had anew by dialling.
 */
import type { Clock } from './clock.ts';
import { KeyedRate, type Rate } from './token-bucket.ts';

/** Rates of one device. */
export interface DeviceRates {
  /** Handshakes, each with public-key work. @default 60, and 1 a second */
  readonly handshakes: Rate;
  /** Leaves of the node's tree (protocol §3.3). @default 32, and 32 an hour */
  readonly leaves?: Rate;
  /** Messages that cost a vendor's answer or a report. @default 32, and 1 in 2 seconds */
  readonly actions: Rate;
}

const DEFAULT_RATES: Required<DeviceRates> = {
  handshakes: { burst: 60, perSecond: 1 },
  leaves: { burst: 32, perSecond: 32 / 3_600 },
  actions: { burst: 32, perSecond: 0.5 },
};

/** Devices remembered, of those that have shown a key. */
const DEVICES = 65_536;

/** See the module comment. */
export class DeviceBudgets {
  readonly #clock: Clock;
  readonly #handshakes: KeyedRate;
  readonly #leaves: KeyedRate;
  readonly #actions: KeyedRate;

  constructor(clock: Clock, rates: DeviceRates = DEFAULT_RATES) {
    this.#clock = clock;
    this.#handshakes = new KeyedRate(rates.handshakes, DEVICES);
    this.#leaves = new KeyedRate(rates.leaves ?? DEFAULT_RATES.leaves, DEVICES);
    this.#actions = new KeyedRate(rates.actions, DEVICES);
  }

  /** A handshake whose `mac0` is right: false when the device has had too many. */
  mayConnect(device: string): boolean {
    return this.#handshakes.take(device, this.#clock.monotonic());
  }

  /** A handshake that spends a leaf: false when the device has had too many. */
  maySpendLeaf(device: string): boolean {
    return this.#leaves.take(device, this.#clock.monotonic());
  }

  /** A message that costs others something: false when the device has sent too many. */
  mayAct(device: string): boolean {
    return this.#actions.take(device, this.#clock.monotonic());
  }
}
