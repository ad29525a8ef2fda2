/**
 * TCP connections from the moment they are accepted: how many and how often an address may come (protocol §8), and how
 * long it may take to say something. Nothing is parsed for who has no place.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { limits } from '@lamplighter/sdk/wire';
import { addressGroup } from './address-group.ts';
import type { Clock } from './clock.ts';
import { HalfOpenLimits, type HalfOpenOptions, type HalfOpenPlace } from './half-open.ts';
import { refuseConnection } from './http-refusal.ts';
import { KeyedRate } from './token-bucket.ts';

/** Addresses whose rate is remembered. */
const ADDRESSES = 16_384;
/** Connections at once and a second, for each place that an address may have. */
const BURST = 8;
const PER_SECOND = 2;

/** Hears of a refused connection; `status` is that of HTTP, or 0 where there was no answer. */
export type RefusalListener = (remote: string, status: number, reason: string) => void;

/** What {@link Arrivals} needs. */
export interface ArrivalsParts {
  readonly clock: Clock;
  readonly halfOpen: HalfOpenOptions;
  /** Milliseconds to a complete request. */
  readonly deadlineMs: number;
  readonly onRefused: RefusalListener;
}

/** A connection that was let in and has no session. */
export interface Arrival {
  readonly remote: string;
  readonly place: HalfOpenPlace;
  /** Clock's milliseconds when it came. */
  readonly at: number;
  /** It has said what it wants: from here on other deadlines hold. */
  heard(): void;
}

/** See the module comment. */
export class Arrivals {
  readonly #parts: ArrivalsParts;
  readonly #halfOpen: HalfOpenLimits;
  readonly #rates: KeyedRate;
  readonly #arrivals = new WeakMap<Duplex, Arrival>();

  constructor(parts: ArrivalsParts) {
    this.#parts = parts;
    this.#halfOpen = new HalfOpenLimits(parts.halfOpen);
    const places = parts.halfOpen.perAddress ?? limits.HALF_OPEN_PER_ADDRESS;
    const rate = { burst: BURST * places, perSecond: PER_SECOND * places };
    this.#rates = new KeyedRate(rate, ADDRESSES);
  }

  /** Connections without a session. */
  get halfOpen(): number {
    return this.#halfOpen.taken;
  }

  /** Lets a connection in, or ends it. */
  enter(socket: Socket): void {
    const { clock, onRefused, deadlineMs } = this.#parts;
    const { remoteAddress } = socket;
    const remote = `${remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
    const at = clock.monotonic();
    if (!this.#rates.take(addressGroup(remoteAddress), at)) {
      socket.destroy();
      onRefused(remote, 0, 'ADDRESS_TOO_OFTEN');
      return;
    }
    const cut = (reason: string): void => {
      socket.destroy();
      onRefused(remote, 0, reason);
    };
    const place: HalfOpenPlace | null = this.#halfOpen.take(remoteAddress, () => {
      place?.release();
      cut('HALF_OPEN_GAVE_WAY');
    });
    if (place === null) {
      refuseConnection(socket, 429, 'too many connections of this address, try again later');
      onRefused(remote, 429, 'ADDRESS_TOO_MANY');
      return;
    }
    const timer = clock.after(deadlineMs, () => {
      cut('REQUEST_DEADLINE');
    });
    socket.once('close', () => {
      timer.cancel();
      place.release();
    });
    const heard = (): void => {
      timer.cancel();
    };
    this.#arrivals.set(socket, { remote, place, at, heard });
  }

  /** What is known of a connection that was let in. */
  of(socket: Duplex): Arrival | undefined {
    return this.#arrivals.get(socket);
  }
}
