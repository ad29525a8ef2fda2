/** Validator sets and links on the disk: the peers that signed an old link may have other keys by now. */
import type { KeptSet, ValidatorStore } from '../proofs/validator-chain.ts';
import type { DurableWriter } from './durable-writer.ts';
import { decodeRecord, encodeRecord } from './json-bytes.ts';
import type { KeyValueStore } from './key-value-store.ts';

const PREFIX = 'validators/';
const EPOCH_DIGITS = 16;

/** @throws {@link ManagementError} STORAGE_DAMAGED */
export async function openValidators(
  store: KeyValueStore,
  writer: DurableWriter,
): Promise<ValidatorStore> {
  const known: KeptSet[] = [];
  for await (const [, value] of store.entries(PREFIX)) known.push(decodeRecord(value) as KeptSet);
  return {
    known,
    keep: async (epoch, kept) => {
      const key = `${PREFIX}${String(epoch).padStart(EPOCH_DIGITS, '0')}`;
      await writer.write([{ key, value: kept && encodeRecord(kept) }]);
    },
  };
}
