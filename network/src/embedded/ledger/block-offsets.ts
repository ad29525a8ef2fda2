/** Where the records of a block file begin: eight bytes a block, however many there are. */
const INITIAL_BLOCKS = 1_024;

export class BlockOffsets {
  #offsets = new Float64Array(INITIAL_BLOCKS);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @param offset - of the next block's record. */
  push(offset: number): void {
    if (this.#count === this.#offsets.length) {
      const larger = new Float64Array(this.#count * 2);
      larger.set(this.#offsets);
      this.#offsets = larger;
    }
    this.#offsets[this.#count] = offset;
    this.#count++;
  }

  /** @returns undefined for a block that is not there. */
  at(number: number): number | undefined {
    return number < this.#count ? this.#offsets[number] : undefined;
  }
}
