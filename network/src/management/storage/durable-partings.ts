/** The partings of a node on the disk, so that a restart takes no device's way away. */
import { Partings, type Parting } from '../partings.ts';
import type { DurableWriter } from './durable-writer.ts';
import { decodeRecord, encodeRecord } from './json-bytes.ts';
import type { KeyValueStore } from './key-value-store.ts';
import { isStorageFailure } from './storage-failures.ts';

const PREFIX = 'parting/';

/**
 * @param onFailure hears a failure to write what memory has, after the disk had come back
 * @throws {@link ManagementError} STORAGE_DAMAGED
 */
export async function openPartings(
  store: KeyValueStore,
  writer: DurableWriter,
  onFailure: (error: unknown) => void,
): Promise<Partings> {
  const known: Parting[] = [];
  for await (const [, value] of store.entries(PREFIX)) known.push(decodeRecord(value) as Parting);
  const behind = new Set<string>();
  const keep = async (id: string, parting: Parting | null): Promise<void> => {
    const value = parting && encodeRecord(parting);
    try {
      await writer.write([{ key: `${PREFIX}${id}`, value }]);
    } catch (error) {
      if (isStorageFailure(error)) behind.add(id);
      throw error;
    }
  };
  const partings = new Partings({ known, keep });
  writer.onRecovered(() => {
    const ids = [...behind];
    behind.clear();
    Promise.all(ids.map((id) => keep(id, partings.get(id) ?? null))).catch(onFailure);
  });
  return partings;
}
