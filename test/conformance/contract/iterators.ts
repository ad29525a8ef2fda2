/** Reads what the shim's iterators hand out. */
import type { Iterators } from 'fabric-shim-api';

/** Reads an iterator to its end, or up to so many records, and closes it. */
export async function drain<Item, Found>(
  iterator: Iterators.CommonIterator<Item>,
  read: (item: Item) => Found,
  most = Number.MAX_SAFE_INTEGER,
): Promise<readonly Found[]> {
  const found: Found[] = [];
  while (found.length < most) {
    const item = await iterator.next();
    if (item.done) {
      break;
    }
    found.push(read(item.value));
  }
  await iterator.close();
  return found;
}

export function toPair({ key, value }: Iterators.KV): readonly [string, string] {
  return [key, Buffer.from(value).toString()];
}
