import { peer } from '@hyperledger/fabric-protos';

import { CommitNotices } from '../../../../network/src/embedded/gateway/commit-notices.ts';
import type { Ledger } from '../../../../network/src/embedded/ledger/ledger.ts';
import type { OrderedBlock } from '../../../../network/src/embedded/ledger/ordered-block.ts';

const { VALID, MVCC_READ_CONFLICT, DUPLICATE_TXID } = peer.TxValidationCode;
const open = (): AbortSignal => new AbortController().signal;

function block(number: number, ...ids: readonly string[]): OrderedBlock {
  const transactions = ids.map((transactionId) => ({ headers: { transactionId } }));
  return { number, transactions } as unknown as OrderedBlock;
}

/** A ledger that has a transaction `old`, as the second one of block 3. */
const LEDGER = {
  position: (id: string) => (id === 'old' ? { blockNumber: 3, transactionNumber: 1 } : undefined),
  read: () => Promise.resolve({ verdict: { flags: Uint8Array.of(VALID, MVCC_READ_CONFLICT) } }),
} as unknown as Ledger;

describe('CommitNotices', () => {
  it('tells everybody who waits', async () => {
    const notices = new CommitNotices(LEDGER);
    const waiting = [notices.status('a', open()), notices.status('a', open())];
    const other = notices.status('b', open());
    notices.committed(block(7, 'b', 'a'), Uint8Array.of(VALID, MVCC_READ_CONFLICT));
    await expect(Promise.all(waiting)).resolves.toEqual(
      Array(2).fill({ code: MVCC_READ_CONFLICT, blockNumber: 7 }),
    );
    await expect(other).resolves.toEqual({ code: VALID, blockNumber: 7 });
    expect(notices.waiting).toBe(0);
  });

  it('knows what was committed before', async () => {
    const notices = new CommitNotices(LEDGER);
    notices.committed(block(7, 'a'), Uint8Array.of(VALID));
    await expect(notices.status('a', open())).resolves.toEqual({ code: VALID, blockNumber: 7 });
    await expect(notices.status('old', open())).resolves.toEqual({
      code: MVCC_READ_CONFLICT,
      blockNumber: 3,
    });
  });

  it('tells the first verdict, not that of a duplicate', async () => {
    const notices = new CommitNotices(LEDGER);
    notices.committed(block(7, 'a'), Uint8Array.of(VALID));
    notices.committed(block(8, 'a', 'old'), Uint8Array.of(DUPLICATE_TXID, DUPLICATE_TXID));
    await expect(notices.status('a', open())).resolves.toEqual({ code: VALID, blockNumber: 7 });
    await expect(notices.status('old', open())).resolves.toMatchObject({ blockNumber: 3 });
  });

  it('forgets those who leave', async () => {
    const notices = new CommitNotices(LEDGER);
    const leaving = new AbortController();
    const left = notices.status('a', leaving.signal);
    const stays = notices.status('a', open());
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(notices.waiting).toBe(1);
    notices.committed(block(7, 'a'), Uint8Array.of(VALID));
    await expect(stays).resolves.toMatchObject({ code: VALID });
    expect(notices.waiting).toBe(0);
  });

  it('lets nobody wait who has left already', async () => {
    const notices = new CommitNotices(LEDGER);
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(notices.status('a', gone)).rejects.toThrow('gone');
    expect(notices.waiting).toBe(0);
  });
});
