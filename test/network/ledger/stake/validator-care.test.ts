import { LedgerError } from '../../../../network/src/ledger/index.ts';
import { ValidatorCare } from '../../../../network/src/ledger/stake/validator-care.ts';
import { aHolder, aTable } from '../../../chaincode/stake/tables.ts';

const TABLE = aTable([aHolder('AMSP', 45), aHolder('BMSP', 55)], { epoch: 7, validator: 'AMSP' });

class Desk {
  now = 0;
  answers: string[] = [];
  readonly votes: string[] = [];
  readonly codes: string[] = [];
  readonly pauses: number[] = [];
  isOpen = true;
  isNeeded = true;
  waited: () => void = () => undefined;
  readonly care = new ValidatorCare({
    vote: (validator, epoch, reason) => {
      this.votes.push(`${validator} ${epoch} ${reason}`);
      const code = this.answers.shift() ?? 'VALID';
      return code === 'VALID' ? Promise.resolve() : Promise.reject(new LedgerError(code, 'no'));
    },
    onVote: ({ code }) => this.codes.push(code),
    isNeeded: () => Promise.resolve(this.isNeeded),
    pause: (milliseconds) => {
      this.pauses.push(milliseconds);
      this.waited();
      return Promise.resolve(this.isOpen);
    },
    now: () => this.now,
    draw: () => 0.5,
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

  it('votes again after an outage, no more than once a second, and not when it stands', async () => {
    const desk = new Desk();
    desk.answers = ['UNAVAILABLE', 'VOTE_EXISTS'];
    await desk.failAt(0, 1_600, 1_700, 2_500);
    expect(desk.codes).toEqual(['UNAVAILABLE']);
    await desk.failAt(2_700, 4_000, 9_000);
    expect(desk.codes).toEqual(['UNAVAILABLE', 'VOTE_EXISTS']);
  });

  it('votes again at once, after a random while, when the vote met another', async () => {
    const desk = new Desk();
    desk.answers = ['MVCC_READ_CONFLICT', 'MVCC_READ_CONFLICT', 'VALID'];
    await desk.failAt(0, 1_600);
    expect(desk.codes).toEqual(['VALID']);
    expect(desk.pauses).toEqual([125, 250, 500]);
    await desk.failAt(9_000);
    expect(desk.votes).toHaveLength(3);
  });

  it('votes five times at most without a break', async () => {
    const desk = new Desk();
    desk.answers = Array<string>(5).fill('MVCC_READ_CONFLICT');
    await desk.failAt(0, 1_600);
    expect(desk.codes).toEqual(['MVCC_READ_CONFLICT']);
    expect(desk.votes).toHaveLength(5);
    await desk.failAt(2_700);
    expect(desk.codes).toEqual(['MVCC_READ_CONFLICT', 'VALID']);
  });

  it.each<[string, (desk: Desk) => void]>([
    ['was passed over by others', (desk) => (desk.isNeeded = false)],
    [
      'has served',
      (desk) => {
        desk.care.served();
      },
    ],
    ['matters no longer to a client that is closed', (desk) => (desk.isOpen = false)],
  ])('leaves the vote when the validator %s while it waited', async (_, change) => {
    const first = new Desk();
    first.waited = () => {
      change(first);
    };
    await first.failAt(0, 1_600);
    expect([first.votes, first.codes]).toEqual([[], []]);
    const second = new Desk();
    second.answers = ['MVCC_READ_CONFLICT'];
    second.waited = () => {
      if (second.votes.length > 0) change(second);
    };
    await second.failAt(0, 1_600);
    expect(second.votes).toHaveLength(1);
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
