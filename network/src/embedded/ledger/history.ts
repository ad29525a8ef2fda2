/** Which transactions wrote a key: positions only, since the values are in the block file. */

/** Where a write stands. */
export interface Position {
  readonly blockNumber: number;
  readonly transactionNumber: number;
}

/** What a ledger keeps its history in; a store on disk will implement it too. */
export interface HistoryIndex {
  record(namespace: string, key: string, position: Position): void;
  /** Positions below a height, newest first. */
  positions(namespace: string, key: string, height: number): readonly Position[];
}

export class MemoryHistory implements HistoryIndex {
  readonly #namespaces = new Map<string, Map<string, Position[]>>();

  record(namespace: string, key: string, position: Position): void {
    const keys = this.#namespaces.get(namespace) ?? new Map<string, Position[]>();
    this.#namespaces.set(namespace, keys);
    const positions = keys.get(key) ?? [];
    keys.set(key, positions);
    positions.push(position);
  }

  positions(namespace: string, key: string, height: number): readonly Position[] {
    const positions = this.#namespaces.get(namespace)?.get(key) ?? [];
    return positions.filter(({ blockNumber }) => blockNumber < height).reverse();
  }
}
