/**
 * The one ticket a device may hold (docs/protocol.md §3.5): the secret of its last session, for one Hello that resumes it. It
 * is in memory only: a device that starts anew does a full handshake.
 */
import type { Ticket } from '../protocol/handshake-device-steps.ts';
import { erase } from '../wire/bytes.ts';
import { TICKET_SECONDS_MOST } from '../wire/limits.ts';

interface Held extends Ticket {
  /** Of the assignment that the session was under. */
  readonly epoch: number;
  /** Seconds of the device's clock. */
  readonly until: number;
}

export class HeldTicket {
  #held: Held | null = null;

  /**
   * Keeps what M gave out in a session; an older one is erased.
   *
   * @param session its secret, owned by this from now on, and the epoch it was under
   * @param given as M sent it; ttl in seconds
   */
  keep(
    session: { readonly rs: Uint8Array; readonly epoch: number },
    given: { readonly rid: Uint8Array; readonly ttl: number },
    now: number,
  ): void {
    this.forget();
    const until = now + Math.min(given.ttl, TICKET_SECONDS_MOST);
    this.#held = { rid: given.rid, rs: session.rs, epoch: session.epoch, until };
  }

  /** The ticket, once; undefined when there is none for this epoch. What is too old is erased. */
  take(epoch: number, now: number): Ticket | undefined {
    const held = this.#held;
    if (held?.epoch !== epoch) return undefined;
    if (now >= held.until) {
      this.forget();
      return undefined;
    }
    this.#held = null;
    return { rid: held.rid, rs: held.rs };
  }

  forget(): void {
    if (this.#held !== null) erase(this.#held.rs);
    this.#held = null;
  }
}
