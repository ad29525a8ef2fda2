/** A set of keys that can be walked in order. New keys gather aside and are merged in when somebody walks. */
import { compareKeys } from './key-order.ts';

export class OrderedKeys {
  #sorted: string[] = [];
  readonly #fresh = new Set<string>();
  readonly #removed = new Set<string>();

  /** The key must not be in the set. */
  add(key: string): void {
    if (!this.#removed.delete(key)) {
      this.#fresh.add(key);
    }
  }

  /** The key must be in the set. */
  delete(key: string): void {
    if (!this.#fresh.delete(key)) {
      this.#removed.add(key);
    }
  }

  /** @returns the first key at or after `from`, or strictly after it when `inclusive` is false. */
  seek(from: string, inclusive = true): string | undefined {
    this.#merge();
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = compareKeys(this.#sorted[middle] ?? '', from);
      if (order < 0 || (order === 0 && !inclusive)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return this.#sorted[low];
  }

  #merge(): void {
    if (this.#fresh.size === 0 && this.#removed.size === 0) {
      return;
    }
    const kept =
      this.#removed.size === 0
        ? this.#sorted
        : this.#sorted.filter((key) => !this.#removed.has(key));
    const fresh = [...this.#fresh].sort(compareKeys);
    this.#sorted = fresh.length === 0 ? kept : mergeSorted(kept, fresh);
    this.#fresh.clear();
    this.#removed.clear();
  }
}

function mergeSorted(left: readonly string[], right: readonly string[]): string[] {
  const merged: string[] = [];
  let next = 0;
  for (const key of right) {
    while (next < left.length && compareKeys(left[next] ?? '', key) < 0) {
      merged.push(left[next] ?? '');
      next++;
    }
    merged.push(key);
  }
  for (; next < left.length; next++) {
    merged.push(left[next] ?? '');
  }
  return merged;
}
