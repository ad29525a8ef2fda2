/** What a block with its verdict changes in a ledger's store: state, history, transaction ids, and how far the store got. */
import { peer } from '@hyperledger/fabric-protos';

import { commitHashOf } from './commit-hash.ts';
import type { Position } from './history.ts';
import type { OrderedBlock } from './ordered-block.ts';
import type { BlockEffects, HistoryEntry, LedgerStore } from './store.ts';
import { WriteSetMerger, type KeyUpdate } from './write-set-merger.ts';

const VALID = peer.TxValidationCode.VALID;

/**
 * @param block - the next one of the store.
 * @param flags - one validation code a transaction.
 */
export async function effectsOf(
  block: OrderedBlock,
  flags: Uint8Array,
  store: LedgerStore,
): Promise<BlockEffects> {
  const { changes, history } = await writesOf(block, flags, store);
  const { height, commitHash, valid, invalid } = store.savepoint;
  const good = flags.filter((flag) => flag === VALID).length;
  const transactions = newIds(block, flags, store);
  return {
    savepoint: {
      height: height + 1,
      hash: block.hash,
      commitHash: commitHashOf({ number: block.number, flags, changes, previous: commitHash }),
      valid: valid + good,
      invalid: invalid + flags.length - good,
    },
    changes,
    history,
    transactions,
  };
}

interface BlockWrites {
  readonly changes: readonly KeyUpdate[];
  readonly history: readonly HistoryEntry[];
}

async function writesOf(
  block: OrderedBlock,
  flags: Uint8Array,
  store: LedgerStore,
): Promise<BlockWrites> {
  const view = store.view();
  const merger = new WriteSetMerger(view);
  const history: HistoryEntry[] = [];
  try {
    for (const [index, { action }] of block.transactions.entries()) {
      const position = { blockNumber: block.number, transactionNumber: index };
      const sets = flags[index] === VALID ? (action?.namespaces ?? []) : [];
      for (const set of sets) {
        history.push(...set.writes.map(({ key }) => ({ namespace: set.namespace, key, position })));
        await merger.add(set, position);
      }
    }
    return { changes: merger.changes(), history };
  } finally {
    view.release();
  }
}

/** The first occurrence of an id stands, whatever its verdict: that is the one a client asked about. */
function newIds(
  block: OrderedBlock,
  flags: Uint8Array,
  store: LedgerStore,
): ReadonlyMap<string, Position> {
  const ids = new Map<string, Position>();
  for (const [index, { headers }] of block.transactions.entries()) {
    const id = headers?.transactionId ?? '';
    // A valid transaction has a new id: validation has looked for it.
    if (id !== '' && !ids.has(id) && (flags[index] === VALID || !store.position(id))) {
      ids.set(id, { blockNumber: block.number, transactionNumber: index });
    }
  }
  return ids;
}
