/** Which transactions wrote a key: positions only, since the values are in the block file. */

/** Where a write stands. */
export interface Position {
  readonly blockNumber: number;
  readonly transactionNumber: number;
}

export class MemoryHistory {
  readonly #namespaces = new Map<string, Map<string, Position[]>>();

  record(namespace: string, key: string, position: Position): void {
    const keys = this.#namespaces.get(namespace) ?? new Map<string, Position[]>();
    this.#namespaces.set(namespace, keys);
    const positions = keys.get(key) ?? [];
    keys.set(key, positions);
    positions.push(position);
  }

  /** Positions below a height, newest first. */
  positions(namespace: string, key: string, height: number): readonly Position[] {
    const positions = this.#namespaces.get(namespace)?.get(key) ?? [];
    return positions.filter(({ blockNumber }) => blockNumber < height).reverse();
  }
}
