/**
 * The commit hash that a peer puts into a block's metadata: it chains the verdicts and everything that they changed in the state, so
 * that peers with equal hashes have equal states (Fabric, kvledger and txmgr/update_batch_bytes). Block 0 has none.
 */
import { createHash } from 'node:crypto';

import { encodeVarint, lengthDelimited, varintField } from '../wire/fields.ts';
import { compareKeys } from './key-order.ts';
import type { Version } from './state.ts';
import type { KeyUpdate } from './write-set-merger.ts';

/** Field numbers of txmgr.KVWrite; `Updates` holds a list of them in field 1. */
const Field = { namespace: 1, key: 3, isDelete: 4, value: 5, version: 6 } as const;
const KV_WRITES = 1;

export interface CommittedBlock {
  readonly number: number;
  /** One validation code a transaction. */
  readonly flags: Uint8Array;
  /** What the block changes, in any order, each key once. */
  readonly changes: readonly KeyUpdate[];
  /** The commit hash of the block before; empty for blocks 0 and 1. */
  readonly previous: Uint8Array;
}

/** @returns 32 bytes; none for block 0. */
export function commitHashOf({ number, flags, changes, previous }: CommittedBlock): Uint8Array {
  if (number === 0) {
    return new Uint8Array();
  }
  const hash = createHash('sha256').update(encodeVarint(flags.length)).update(flags);
  for (const write of encodeUpdates(changes)) {
    hash.update(write);
  }
  return hash.update(previous).digest();
}

/** @returns serialised txmgr.Updates, piece by piece: sorted, the namespace only with the first of its keys. */
export function* encodeUpdates(changes: readonly KeyUpdate[]): Generator<Uint8Array> {
  const sorted = [...changes].sort(
    (left, right) =>
      compareKeys(left.namespace, right.namespace) || compareKeys(left.key, right.key),
  );
  let namespace = '';
  for (const update of sorted) {
    const first = update.namespace !== namespace;
    namespace = update.namespace;
    yield lengthDelimited(KV_WRITES, ...partsOf(update, first ? namespace : ''));
  }
}

function partsOf({ key, entry, version }: KeyUpdate, namespace: string): readonly Uint8Array[] {
  return [
    present(Field.namespace, Buffer.from(namespace)),
    present(Field.key, Buffer.from(key)),
    entry ? present(Field.value, entry.value) : varintField(Field.isDelete, 1),
    lengthDelimited(Field.version, encodeVersionBytes(version)),
  ];
}

/** Protocol Buffers leave empty fields out. */
function present(field: number, content: Uint8Array): Uint8Array {
  return content.length === 0 ? content : lengthDelimited(field, content);
}

/** Block and transaction, each as a length and then big-endian octets without leading zeros. */
function encodeVersionBytes({ blockNumber, transactionNumber }: Version): Uint8Array {
  return Buffer.concat([orderPreserving(blockNumber), orderPreserving(transactionNumber)]);
}

function orderPreserving(value: number): Uint8Array {
  const octets: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) {
    octets.unshift(rest % 256);
  }
  return Uint8Array.of(octets.length, ...octets);
}
