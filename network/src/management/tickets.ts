/**
 * Tickets that a node gave out (protocol §3.5): the secret of a session, for one Hello that resumes it. In memory only, and
 * bounded; whoever has none any more does a full handshake.
 */
import type { ManagedEpoch } from '@lamplighter/sdk/protocol';
import { erase, limits, toHex } from '@lamplighter/sdk/wire';
import type { Clock } from './clock.ts';
import type { RandomSource } from './random.ts';

/** Sessions resumed in a row before a full handshake. */
const IN_A_ROW_MOST = 16;
const RID_BYTES = 16;
const CAPACITY = 65_536;

/** A ticket as it was given out. */
export interface GivenTicket {
  readonly device: string;
  /** Of the assignment that the session was under: another one ends the ticket. */
  readonly kid: Uint8Array;
  readonly rs: Uint8Array;
  /** Sessions resumed in a row so far. */
  readonly inARow: number;
}

export interface TicketsParts {
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Sessions resumed in a row, 0 to 16. @default 16 */
  readonly inARow?: number;
  /** Seconds that a ticket lives, up to a day. @default 86_400 */
  readonly seconds?: number;
}

interface Held extends GivenTicket {
  /** Milliseconds of the clock. */
  readonly until: number;
}

export class Tickets {
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #inARow: number;
  readonly #seconds: number;
  /** By rid, the oldest first. */
  readonly #held = new Map<string, Held>();
  readonly #byDevice = new Map<string, string>();

  constructor({ clock, random, inARow = IN_A_ROW_MOST, seconds }: TicketsParts) {
    this.#clock = clock;
    this.#random = random;
    this.#inARow = Math.min(inARow, IN_A_ROW_MOST);
    this.#seconds = Math.min(seconds ?? limits.TICKET_SECONDS_MOST, limits.TICKET_SECONDS_MOST);
  }

  /**
   * A ticket for a session that has begun, in place of the device's last; undefined when the next handshake has to be a full
   * one, and the secret is erased.
   */
  give(ticket: GivenTicket): { readonly rid: Uint8Array; readonly ttl: number } | undefined {
    this.#forget(this.#byDevice.get(ticket.device));
    if (ticket.inARow >= this.#inARow) {
      erase(ticket.rs);
      return undefined;
    }
    if (this.#held.size >= CAPACITY) this.#forget(this.#held.keys().next().value);
    const rid = this.#random.bytes(RID_BYTES);
    const key = toHex(rid);
    this.#held.set(key, { ...ticket, until: this.#clock.monotonic() + this.#seconds * 1_000 });
    this.#byDevice.set(ticket.device, key);
    return { rid, ttl: this.#seconds };
  }

  /** What a Hello resumes; it stays until {@link take}. */
  find(rid: Uint8Array, epochOf: (device: string) => ManagedEpoch | undefined): Found | undefined {
    const key = toHex(rid);
    const held = this.#held.get(key);
    if (held === undefined) return undefined;
    const resumes = epochOf(held.device);
    const isPresent = resumes !== undefined && toHex(resumes.assignment.kid) === toHex(held.kid);
    if (isPresent && this.#clock.monotonic() < held.until) return { ...held, resumes };
    this.#forget(key);
    return undefined;
  }

  /** §3.5: a ticket works once. Its secret is the caller's now. */
  take(rid: Uint8Array): GivenTicket | undefined {
    const key = toHex(rid);
    const held = this.#held.get(key);
    if (held === undefined) return undefined;
    this.#held.delete(key);
    this.#byDevice.delete(held.device);
    return held;
  }

  clear(): void {
    for (const key of [...this.#held.keys()]) this.#forget(key);
  }

  #forget(key: string | undefined): void {
    const held = key === undefined ? undefined : this.#held.get(key);
    if (key === undefined || held === undefined) return;
    erase(held.rs);
    this.#held.delete(key);
    this.#byDevice.delete(held.device);
  }
}

interface Found extends GivenTicket {
  readonly resumes: ManagedEpoch;
}
