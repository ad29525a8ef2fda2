/** Who is connected: one session a device, the newest wins (protocol §8). */
import type { LiveSession } from './live-session.ts';

/** Live sessions by device. */
export class SessionTable {
  readonly #sessions = new Map<string, LiveSession>();

  get size(): number {
    return this.#sessions.size;
  }

  of(device: string): LiveSession | undefined {
    return this.#sessions.get(device);
  }

  /** Devices of a model that are connected. */
  ofModel(model: string): readonly LiveSession[] {
    return [...this.#sessions.values()].filter((live) => live.model === model);
  }

  /** Takes the place of an older session of the device, which is returned and no longer in the table. */
  enter(live: LiveSession): LiveSession | undefined {
    const older = this.#sessions.get(live.device);
    this.#sessions.set(live.device, live);
    return older;
  }

  /** Takes a session out; false when a newer one has its place. */
  leave(live: LiveSession): boolean {
    if (this.#sessions.get(live.device) !== live) return false;
    return this.#sessions.delete(live.device);
  }
}
