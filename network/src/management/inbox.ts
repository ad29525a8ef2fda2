/** Frames that came and were not handled yet, bounded in number and bytes. */

/** Bounds of an {@link Inbox}. */
export interface InboxLimits {
  /** Frames before reading pauses. A paused peer still has what its last piece of TCP brought: four times this ends it. */
  readonly queuedFrames: number;
  /** Bytes before reading pauses. */
  readonly queuedBytes: number;
}

/** One piece of TCP may bring this many times what makes reading pause. */
const OVERRUN = 4;

/** See the module comment. */
export class Inbox {
  readonly #limits: InboxLimits;
  #frames: Uint8Array[] = [];
  #next = 0;
  #bytes = 0;

  constructor(limits: InboxLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#frames.length - this.#next;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Reading should pause. */
  get full(): boolean {
    return this.length >= this.#limits.queuedFrames || this.#bytes >= this.#limits.queuedBytes;
  }

  /** Enough was handled for reading to go on. */
  get low(): boolean {
    const { queuedFrames, queuedBytes } = this.#limits;
    return this.length < queuedFrames / 2 && this.#bytes < queuedBytes / 2;
  }

  /** @returns false when the peer sends far more than is handled */
  push(frame: Uint8Array): boolean {
    if (this.length >= this.#limits.queuedFrames * OVERRUN) return false;
    this.#frames.push(frame);
    this.#bytes += frame.length;
    return true;
  }

  shift(): Uint8Array | undefined {
    const frame = this.#frames[this.#next];
    if (frame === undefined) return undefined;
    this.#next += 1;
    this.#bytes -= frame.length;
    if (this.#next === this.#frames.length) this.clear();
    return frame;
  }

  clear(): void {
    this.#frames = [];
    this.#next = 0;
    this.#bytes = 0;
  }
}
