/**
 * Devices that left this node, transferred or retired (protocol §2.3), and what they are to be told when they dial under a
 * kid they had here: the `signed` assignment that took them away. The newest are kept, up to a bound.
 */

/** One device that left. */
export interface Parting {
  readonly id: string;
  /** Every kid that it may still hold. */
  readonly kids: readonly Uint8Array[];
  /** Null until it was fetched from the vendor. */
  readonly envelope: Uint8Array | null;
  /** Grows from one parting to the next. */
  readonly order: number;
}

/** Options of {@link Partings}. */
export interface PartingsOptions {
  /** What an earlier process kept. @default nothing */
  readonly known?: readonly Parting[];
  /** Stores a parting, null for one that is forgotten. @default in memory only */
  readonly keep?: (id: string, parting: Parting | null) => Promise<void>;
  /** Devices at most. @default 16_384 */
  readonly capacity?: number;
}

/** Changes happen at once in memory; the promises resolve when a change is kept. */
export class Partings {
  readonly #keep: NonNullable<PartingsOptions['keep']>;
  readonly #capacity: number;
  /** Oldest first. */
  readonly #partings = new Map<string, Parting>();
  /** Device by hex of a kid. */
  readonly #kids = new Map<string, string>();
  #order = 0;

  constructor(options: PartingsOptions = {}) {
    this.#keep = options.keep ?? (() => Promise.resolve());
    this.#capacity = options.capacity ?? 16_384;
    const known = [...(options.known ?? [])].sort((a, b) => a.order - b.order);
    for (const parting of known) this.#enter(parting);
  }

  get size(): number {
    return this.#partings.size;
  }

  get(id: string): Parting | undefined {
    return this.#partings.get(id);
  }

  /** The `signed` assignment that a device with this kid is to be told of, once it is here. */
  envelopeFor(kid: Uint8Array): Uint8Array | undefined {
    const parting = this.#partings.get(this.#kids.get(hex(kid)) ?? '');
    return parting?.envelope ?? undefined;
  }

  /** Devices whose envelope is still to be fetched. */
  owed(): readonly string[] {
    return [...this.#partings.values()].flatMap(({ id, envelope }) =>
      envelope === null ? [id] : [],
    );
  }

  /** A device leaves; the oldest parting makes room. */
  async owe(id: string, kids: readonly Uint8Array[]): Promise<void> {
    const changes = [this.#change({ id, kids, envelope: null, order: this.#order })];
    const [oldest] = this.#partings.keys();
    if (this.#partings.size > this.#capacity && oldest !== undefined) {
      changes.push(this.drop(oldest));
    }
    await Promise.all(changes);
  }

  /** The envelope of a device that left is here. */
  async fulfil(id: string, envelope: Uint8Array): Promise<void> {
    const parting = this.#partings.get(id);
    if (parting !== undefined) await this.#change({ ...parting, envelope });
  }

  /** The device came back, or there is nothing to tell. */
  async drop(id: string): Promise<void> {
    if (!this.#partings.has(id)) return;
    this.#leave(id);
    await this.#keep(id, null);
  }

  #change(parting: Parting): Promise<void> {
    this.#enter(parting);
    return this.#keep(parting.id, parting);
  }

  #enter(parting: Parting): void {
    this.#leave(parting.id);
    this.#partings.set(parting.id, parting);
    for (const kid of parting.kids) this.#kids.set(hex(kid), parting.id);
    this.#order = Math.max(this.#order, parting.order + 1);
  }

  #leave(id: string): void {
    for (const kid of this.#partings.get(id)?.kids ?? []) {
      if (this.#kids.get(hex(kid)) === id) this.#kids.delete(hex(kid));
    }
    this.#partings.delete(id);
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
