import { encodeStakeTable, type StakeTable } from '../../../../chaincode/src/stake/index.ts';
import { StakeWatch } from '../../../../network/src/ledger/stake/stake-watch.ts';
import { aHolder, aTable } from '../../../chaincode/stake/tables.ts';

const tableOf = (epoch: number): StakeTable =>
  aTable([aHolder('AMSP', 45), aHolder('BMSP', 55)], { epoch });

describe('table as the client knows it', () => {
  let reads: number;
  let answer: () => Promise<Uint8Array | null>;
  let now: number;
  let watch: StakeWatch;
  const epoch = async (): Promise<number | undefined> => (await watch.policy())?.table.epoch;

  beforeEach(() => {
    reads = 0;
    now = 0;
    answer = () => Promise.resolve(encodeStakeTable(tableOf(reads)));
    const read = (): Promise<Uint8Array | null> => {
      reads++;
      return answer();
    };
    watch = new StakeWatch({ read, now: () => now });
  });

  it('is read once for all who ask, and again when it is outdated', async () => {
    expect(await Promise.all([epoch(), epoch(), epoch()])).toEqual([1, 1, 1]);
    expect(await epoch()).toBe(1);
    watch.outdate();
    expect(watch.known?.table.epoch).toBe(1);
    expect(await epoch()).toBe(2);
    expect(reads).toBe(2);
  });

  it('is read again when it was outdated while it was read', async () => {
    const first = epoch();
    watch.outdate();
    expect(await first).toBe(1);
    expect(await epoch()).toBe(2);
  });

  it('is null where there is none, or what stands there is none', async () => {
    answer = () => Promise.resolve(null);
    expect(await watch.policy()).toBeNull();
    watch.outdate();
    answer = () => Promise.resolve(Buffer.from('{"docType":"stakeTable"}'));
    expect(await watch.policy()).toBeNull();
  });

  it('stays as it was known while nobody answers, who are asked again after a moment', async () => {
    expect(await epoch()).toBe(1);
    watch.outdate();
    answer = () => Promise.reject(new Error('away'));
    expect([await epoch(), await epoch()]).toEqual([1, 1]);
    expect(reads).toBe(2);
    now = 600;
    answer = () => Promise.resolve(encodeStakeTable(tableOf(9)));
    expect(await epoch()).toBe(9);
  });
});
