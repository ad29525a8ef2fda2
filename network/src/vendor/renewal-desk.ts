/**
 * Renewals (protocol §3.3, §5): a manager asks for a new assignment of a device whose chain or tree comes to its end, or of
 * whose keys too much did not open. Who asks is checked against the ledger; a device is renewed at most once in ten minutes;
 * what was asked for is brought to the ledger in lots, in the background.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import {
  NonceMemory,
  readRenewalRequest,
  verifyRenewalRequest,
  type RenewalRequest,
} from '../exchange/index.ts';
import type { Contracts } from '../ledger/index.ts';
import type { AssignmentDesk, AssignmentWish } from './assignment-desk.ts';
import { LOT } from './device-factory.ts';
import type { DeviceSecrets } from './device-secrets.ts';
import type { Exchange, Route } from './http.ts';
import type { VendorLogger } from './logger.ts';
import { VendorError } from './vendor-error.ts';
import { onLedger } from './who-asks.ts';

export interface RenewalDeskParts {
  /** Own id. */
  readonly vendor: string;
  readonly contracts: Contracts;
  readonly secrets: DeviceSecrets;
  readonly desk: Pick<AssignmentDesk, 'assign'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Ends the work. */
  readonly signal: AbortSignal;
  readonly logger: VendorLogger;
  /** Milliseconds that the first of a lot waits for others. @default 200 */
  readonly windowMs?: number;
  /** Devices that wait at most. @default 4_096 */
  readonly capacity?: number;
}

/** A signed request is some 200 bytes. */
const REQUEST_BYTES = 1_024;
/** Between two renewals of a device: a chain lasts for thousands of sessions. */
const PAUSE_MS = 600_000;
const CAPACITY = 4_096;

/** `POST /v1/renewals`. @param desk once the node has started */
export function renewalRoute(desk: () => RenewalDesk): Route {
  return {
    method: 'POST',
    pattern: /^\/v1\/renewals$/,
    handle: async (exchange: Exchange) => {
      await desk().ask(await exchange.body(REQUEST_BYTES), exchange.signal);
      return { status: 202, type: 'application/cbor', body: new Uint8Array(0) };
    },
  };
}

export class RenewalDesk {
  readonly #parts: RenewalDeskParts;
  readonly #nonces = new NonceMemory();
  /** Devices that wait for their assignment. */
  readonly #waiting = new Map<string, AssignmentWish>();
  /** When a device was last renewed, oldest first; no more than this vendor has devices. */
  readonly #renewed = new Map<string, number>();
  #working: Promise<void> | null = null;

  constructor(parts: RenewalDeskParts) {
    this.#parts = parts;
  }

  /**
   * Takes a request. The assignment it asks for follows in the background; one for a serial that was replaced already asks
   * for nothing.
   *
   * @param body as it came
   * @throws ExchangeError EXCHANGE_…; VendorError NOT_AUTHORISED, DEVICE_UNKNOWN, DEVICE_NOT_MANAGED, RENEWAL_REFUSED,
   *   RENEWAL_TOO_OFTEN, BUSY; LedgerError
   */
  async ask(body: Uint8Array, signal: AbortSignal): Promise<void> {
    const request = await this.#verified(body, signal);
    if (!(await this.#isDue(request, signal))) return;
    const { secrets, now, capacity = CAPACITY } = this.#parts;
    const { assignment } = secrets.get(request.device);
    if (assignment === null || this.#waiting.has(request.device)) return;
    if (this.#waiting.size >= capacity) {
      throw new VendorError('BUSY', `expected at most ${capacity} renewals at a time`);
    }
    this.#admit(request.device, now());
    const { fti, rti, uti } = assignment;
    const { device: id, manager } = request;
    this.#waiting.set(id, { id, manager, intervals: { fti, rti, uti } });
    this.#working ??= this.#work();
  }

  /** Resolves when nothing waits, or the node has closed. */
  async settled(): Promise<void> {
    await this.#working;
  }

  async #verified(body: Uint8Array, signal: AbortSignal): Promise<RenewalRequest> {
    const { contracts, vendor, now } = this.#parts;
    const message = readRenewalRequest(body);
    const manager = await onLedger(() =>
      contracts.readManagementNode(message.claim.manager, { signal }),
    );
    return verifyRenewalRequest(message, {
      managerKey: new Uint8Array(Buffer.from(manager.signatureKey, 'hex')),
      vendor,
      freshness: { now: Math.floor(now() / 1_000), nonces: this.#nonces },
    });
  }

  /** False when it was replaced already: the manager has not heard of it yet. */
  async #isDue({ device, manager, serial }: RenewalRequest, signal: AbortSignal): Promise<boolean> {
    const { contracts, secrets } = this.#parts;
    // One that was not made here is unknown, whatever the ledger has.
    secrets.get(device);
    const { state, assignment } = await contracts.readDevice(device, { signal });
    if (state !== 'assigned' || assignment?.manager !== manager) {
      throw new VendorError('DEVICE_NOT_MANAGED', `device "${device}" is not of "${manager}"`);
    }
    if (serial <= assignment.serial) return serial === assignment.serial;
    throw new VendorError(
      'RENEWAL_REFUSED',
      `expected serial ${assignment.serial} of device "${device}", got ${serial}`,
    );
  }

  #admit(device: string, now: number): void {
    const last = this.#renewed.get(device);
    if (last !== undefined && now - last < PAUSE_MS) {
      throw new VendorError('RENEWAL_TOO_OFTEN', `device "${device}" was renewed a moment ago`);
    }
    this.#renewed.delete(device);
    this.#renewed.set(device, now);
    for (const [id, at] of this.#renewed) {
      if (now - at < PAUSE_MS) break;
      this.#renewed.delete(id);
    }
  }

  async #work(): Promise<void> {
    const { signal, logger, windowMs = 200 } = this.#parts;
    try {
      await sleep(windowMs, undefined, { signal });
      while (this.#waiting.size > 0) await this.#renew([...this.#waiting.values()].slice(0, LOT));
    } catch (error) {
      // Whoever waits asks again: a chain has room for hundreds of sessions when it is renewed.
      this.#waiting.clear();
      if (!signal.aborted) logger.warn({ error }, 'chains not renewed');
    } finally {
      this.#working = null;
    }
  }

  async #renew(lot: readonly AssignmentWish[]): Promise<void> {
    const { desk, signal, logger } = this.#parts;
    const failures = await desk.assign(lot, signal);
    for (const { id } of lot) this.#waiting.delete(id);
    if (failures.size > 0) {
      logger.warn({ failures: Object.fromEntries(failures) }, 'chains not renewed');
    }
  }
}
