/** Which commits are believed. */
import { CommitStatus } from '../../../network/src/ledger/commit-status.ts';
import { codeOf } from '../code-of.ts';

const VALID = { code: 'VALID', blockNumber: 7 };
const LIE = { code: 'MVCC_READ_CONFLICT', blockNumber: 7 };

describe('status of a transaction', () => {
  let enough: number;
  let forgotten: number;
  let status: CommitStatus;

  beforeEach(() => {
    enough = 2;
    forgotten = 0;
    status = new CommitStatus({
      transactionId: 'tx',
      isEnough: ({ size }) => size >= enough,
      forget: () => forgotten++,
    });
  });

  afterEach(() => {
    status[Symbol.dispose]();
  });

  it('is what enough organisations say, whoever says otherwise first', async () => {
    status.hear('AMSP', LIE);
    status.hear('BMSP', VALID);
    status.hear('BMSP', VALID);
    status.hear('CMSP', VALID);
    expect(await status.committed(60_000, undefined)).toEqual(VALID);
    status[Symbol.dispose]();
    expect(forgotten).toBe(1);
  });

  it('is not what one organisation says, however often', async () => {
    status.hear('AMSP', LIE);
    status.hear('AMSP', LIE);
    await expect(status.committed(20, undefined)).rejects.toMatchObject({
      code: 'TIMEOUT',
      maybeOrdered: true,
      message: expect.stringContaining('AMSP alone') as string,
    });
  });

  it('is looked at again when there are fewer to hear from', async () => {
    status.hear('AMSP', VALID);
    enough = 1;
    status.reconsider();
    expect(await status.committed(60_000, undefined)).toEqual(VALID);
  });

  it('is lost with the last that could tell, or given up by a signal', async () => {
    status.lose(new Error('gone'));
    expect(await codeOf(() => status.committed(60_000, undefined))).toBe('UNAVAILABLE');
    const other = new CommitStatus({ transactionId: 'tx', isEnough: () => false, forget: () => 0 });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(other.committed(60_000, signal)).rejects.toThrow('enough');
    other[Symbol.dispose]();
  });
});
