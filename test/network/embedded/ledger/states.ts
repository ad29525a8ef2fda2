/** Small states for tests. */
import type { StateChange, StateView } from '../../../../network/src/embedded/ledger/state.ts';

export const NAMESPACE = 'features';

/** @param value - undefined deletes the key. */
export function change(key: string, value: string | undefined, blockNumber: number): StateChange {
  const version = { blockNumber, transactionNumber: 0 };
  return {
    namespace: NAMESPACE,
    key,
    entry:
      value === undefined
        ? undefined
        : { value: Buffer.from(value), metadata: new Map<string, Uint8Array>(), version },
  };
}

/** @returns all keys and values of a view, by walking it. */
export async function contentOf(view: StateView, from = '', end = ''): Promise<[string, string][]> {
  const found: [string, string][] = [];
  let entry = await view.next(NAMESPACE, from, true, end);
  while (entry) {
    found.push([entry.key, Buffer.from(entry.value).toString()]);
    entry = await view.next(NAMESPACE, entry.key, false, end);
  }
  return found;
}
