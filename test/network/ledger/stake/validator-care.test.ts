import { LedgerError } from '../../../../network/src/ledger/index.ts';
import { ValidatorCare } from '../../../../network/src/ledger/stake/validator-care.ts';
import { aHolder, aTable } from '../../../chaincode/stake/tables.ts';

const TABLE = aTable([aHolder('AMSP', 45), aHolder('BMSP', 55)], { epoch: 7, validator: 'AMSP' });

class Desk {
  now = 0;
  answers: string[] = [];
  readonly votes: string[] = [];
  readonly codes: string[] = [];
  readonly care = new ValidatorCare({
    vote: (validator, epoch, reason) => {
      this.votes.push(`${validator} ${epoch} ${reason}`);
      const code = this.answers.shift() ?? 'VALID';
      return code === 'VALID' ? Promise.resolve() : Promise.reject(new LedgerError(code, 'no'));
    },
    onVote: ({ code }) => this.codes.push(code),
    now: () => this.now,
  });

  async failAt(...times: readonly number[]): Promise<void> {
    for (const time of times) {
      this.now = time;
      this.care.failed(TABLE, 'silent');
      await new Promise(setImmediate);
    }
  }
}

describe('care for the validator', () => {
  it('votes once, after a while of trouble', async () => {
    const desk = new Desk();
    await desk.failAt(0, 500, 1_400);
    expect(desk.votes).toEqual([]);
    await desk.failAt(1_600, 2_000, 60_000);
    expect(desk.votes).toEqual(['AMSP 7 its peer silent for 1 s']);
    expect(desk.codes).toEqual(['VALID']);
  });

  it('begins anew when it has served', async () => {
    const desk = new Desk();
    await desk.failAt(0, 1_400);
    desk.care.served();
    await desk.failAt(1_600, 3_000);
    expect(desk.votes).toEqual([]);
    expect(desk.care.unseenForMs).toBe(1_600);
  });

  it('votes again after a conflict, no more than once a second, and not when it stands', async () => {
    const desk = new Desk();
    desk.answers = ['MVCC_READ_CONFLICT', 'VOTE_EXISTS'];
    await desk.failAt(0, 1_600, 1_700, 2_500);
    expect(desk.codes).toEqual(['MVCC_READ_CONFLICT']);
    await desk.failAt(2_700, 4_000, 9_000);
    expect(desk.codes).toEqual(['MVCC_READ_CONFLICT', 'VOTE_EXISTS']);
  });

  it('holds nothing against the next validator', async () => {
    const desk = new Desk();
    await desk.failAt(0, 1_400);
    desk.now = 1_600;
    desk.care.failed({ ...TABLE, validator: 'BMSP' }, 'refuses');
    desk.care.failed({ ...TABLE, validator: '' }, 'refuses');
    expect(desk.votes).toEqual([]);
  });
});
