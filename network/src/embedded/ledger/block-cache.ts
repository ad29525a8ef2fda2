/** The newest blocks in memory, bounded by bytes: readers of a live chain mostly want what was just written. */
import { LIMITS } from '../limits.ts';

export class BlockCache {
  readonly #capacityBytes: number;
  readonly #blocks = new Map<number, Uint8Array>();
  #bytes = 0;

  /** @param capacityBytes - @default 8_388_608 */
  constructor(capacityBytes: number = LIMITS.blockCacheBytes) {
    this.#capacityBytes = capacityBytes;
  }

  get(number: number): Uint8Array | undefined {
    return this.#blocks.get(number);
  }

  /** Keeps a block and forgets the oldest ones when there is no room; one that is too large is not kept. */
  put(number: number, block: Uint8Array): void {
    if (block.length > this.#capacityBytes || this.#blocks.has(number)) {
      return;
    }
    this.#blocks.set(number, block);
    this.#bytes += block.length;
    for (const [oldest, bytes] of this.#blocks) {
      if (this.#bytes <= this.#capacityBytes) {
        return;
      }
      this.#blocks.delete(oldest);
      this.#bytes -= bytes.length;
    }
  }
}
