/**
 * `push` (protocol §2.3, §7.1): gives a connected device the assignment that replaces the one its session is under, or the
 * vendor's next roots. The device fetches it, checks the vendor's signatures and says what it makes of it; whoever does not take
 * an assignment in time is left to `notice`.
 */
import { BlobKind, type Message } from '@lamplighter/sdk/wire';
import type { Deliveries } from './deliveries.ts';
import type { EventSink } from './events.ts';
import type { LiveSession } from './live-session.ts';
import type { Schedule } from './schedule.ts';

/** What pushing needs. */
export interface PushesParts {
  readonly deliveries: Pick<Deliveries, 'keep'>;
  readonly schedule: Schedule;
  readonly events: EventSink;
}

/** A device has so long to fetch and check an assignment. */
const DEADLINE_MS = 30_000;

/** A push that waits for its answer. */
interface Pushed {
  readonly name: Uint8Array;
  readonly settle: (code: number | null) => void;
}

/** Pushes of a node, one a session at a time. */
export class Pushes {
  readonly #parts: PushesParts;
  readonly #pushed = new WeakMap<LiveSession, Pushed>();

  constructor(parts: PushesParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when the device has answered, its session has ended, or its time is over.
   *
   * @returns the code of protocol §8, null for no answer
   */
  async push(
    live: LiveSession,
    envelope: Uint8Array,
    kind: number = BlobKind.assignment,
  ): Promise<number | null> {
    const { deliveries, schedule, events } = this.#parts;
    const { sha256, size } = deliveries.keep(live, envelope);
    const key = `${live.device}/push`;
    const code = await new Promise<number | null>((resolve) => {
      this.#pushed.set(live, { name: sha256, settle: resolve });
      schedule.set(key, DEADLINE_MS, () => {
        resolve(null);
      });
      live.ended.addEventListener('abort', () => {
        resolve(null);
      });
      if (live.ended.aborted) resolve(null);
      live.send({ type: 'push', ref: { kind, sha256, size } });
    });
    this.#pushed.delete(live);
    schedule.cancel(key);
    if (kind === BlobKind.assignment) {
      events.emit({ type: 'assignment-pushed', device: live.device, code });
    }
    return code;
  }

  /** §6.1: about something that is no longer open, it may have crossed, and is passed over. */
  acknowledged(live: LiveSession, ack: Extract<Message, { type: 'push-ack' }>): void {
    const pushed = this.#pushed.get(live);
    if (pushed !== undefined && Buffer.from(pushed.name).equals(ack.sha256)) {
      pushed.settle(ack.code);
    }
  }
}
