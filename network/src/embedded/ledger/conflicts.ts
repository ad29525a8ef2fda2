/**
 * MVCC: whether what a transaction read is still so, after the block before and after the valid transactions before it in its
 * own block (Fabric, txmgmt/validation). Ranges are walked again and must give the same keys and versions.
 */
import { peer } from '@hyperledger/fabric-protos';

import { LIMITS } from '../limits.ts';
import { compareKeys } from './key-order.ts';
import { RangeReadsBuilder, sameReads } from './range-reads.ts';
import type { KeyRead, NamespaceSet, RangeQuery } from './read-write-set.ts';
import { sameVersion, type KeyedEntry, type StateChange, type StateView } from './state.ts';
import type { ValidationCode } from './transaction.ts';
import { WriteSetMerger } from './write-set-merger.ts';

const Code = peer.TxValidationCode;

export class ConflictCheck {
  readonly #view: StateView;
  readonly #pending: WriteSetMerger;

  /** @param view - the state before the block; the caller releases it. */
  constructor(view: StateView) {
    this.#view = view;
    this.#pending = new WriteSetMerger(view);
  }

  /** Judges the next transaction of the block and, when it is valid, notes what it changes. */
  async judge(
    namespaces: readonly NamespaceSet[],
    blockNumber: number,
    transactionNumber: number,
  ): Promise<ValidationCode> {
    for (const set of namespaces) {
      const code = await this.#conflict(set);
      if (code !== Code.VALID) {
        return code;
      }
    }
    for (const set of namespaces) {
      await this.#pending.add(set, { blockNumber, transactionNumber });
    }
    return Code.VALID;
  }

  async #conflict(set: NamespaceSet): Promise<ValidationCode> {
    for (const read of set.reads) {
      if (!(await this.#readHolds(set.namespace, read))) {
        return Code.MVCC_READ_CONFLICT;
      }
    }
    for (const query of set.rangeQueries) {
      if (!(await this.#rangeHolds(set.namespace, query))) {
        return Code.PHANTOM_READ_CONFLICT;
      }
    }
    return Code.VALID;
  }

  async #readHolds(namespace: string, read: KeyRead): Promise<boolean> {
    if (this.#pending.has(namespace, read.key)) {
      return false;
    }
    const current = await this.#view.get(namespace, read.key);
    return sameVersion(current?.version, read.version);
  }

  async #rangeHolds(namespace: string, query: RangeQuery): Promise<boolean> {
    const degree = query.reads.kind === 'merkle' ? query.reads.maxDegree : LIMITS.queryTotal + 1;
    if (degree < 2) {
      return false;
    }
    const reads = new RangeReadsBuilder(degree);
    for await (const { key, version } of this.#walk(namespace, query)) {
      reads.add({ key, version });
    }
    return sameReads(query.reads, reads.finish());
  }

  /** What the range holds now: the committed state with the pending changes laid over it. */
  async *#walk(namespace: string, query: RangeQuery): AsyncGenerator<KeyedEntry> {
    const pending = this.#pendingIn(namespace, query);
    const changed = new Set(pending.map(({ key }) => key));
    let next = 0;
    for await (const entry of this.#committed(namespace, query)) {
      for (; compareKeys(pending[next]?.key ?? entry.key, entry.key) < 0; next++) {
        yield* written(pending[next]);
      }
      if (!changed.has(entry.key)) {
        yield entry;
      }
    }
    for (; next < pending.length; next++) {
      yield* written(pending[next]);
    }
  }

  #pendingIn(namespace: string, query: RangeQuery): readonly StateChange[] {
    return this.#pending
      .changes()
      .filter(({ key, ...change }) => change.namespace === namespace && covers(query, key))
      .sort((left, right) => compareKeys(left.key, right.key));
  }

  async *#committed(namespace: string, query: RangeQuery): AsyncGenerator<KeyedEntry> {
    let entry = await this.#view.next(namespace, query.startKey, true, '');
    while (entry && covers(query, entry.key)) {
      yield entry;
      entry = await this.#view.next(namespace, entry.key, false, '');
    }
  }
}

/** The end counts itself when the query was not walked to its end. */
function covers(query: RangeQuery, key: string): boolean {
  const order = query.endKey === '' ? -1 : compareKeys(key, query.endKey);
  return compareKeys(key, query.startKey) >= 0 && (order < 0 || (order === 0 && !query.exhausted));
}

function* written(change: StateChange | undefined): Generator<KeyedEntry> {
  if (change?.entry) {
    yield { key: change.key, ...change.entry };
  }
}
