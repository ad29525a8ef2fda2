import type { Contracts as AllContracts } from '../../../network/src/ledger/index.ts';
import { Contracts, LedgerError } from '../../../network/src/ledger/index.ts';
import { silentLogger } from '../../../network/src/vendor/logger.ts';
import { keepTurns } from '../../../network/src/vendor/turns.ts';
import { MSPS, StakeCity, type Name } from '../../chaincode/stake/stake-city.ts';
import { contractLedger, type ContractLedger } from '../contract-ledger.ts';

const EPOCH = 60;
const RANDOM = 0.25;
const JITTER_MS = 2_000;

/** A vendor's duty on a clock that its own pauses move on. */
class Watch {
  readonly city: StakeCity;
  readonly ledger: ContractLedger;
  readonly stake: AllContracts['stake'];
  readonly mspId: string;
  readonly warnings: string[] = [];
  readonly infos: string[] = [];
  readonly pauses: number[] = [];
  seconds: number;

  constructor(city: StakeCity, name: Name) {
    this.city = city;
    this.mspId = MSPS[name];
    this.seconds = city.time;
    this.ledger = contractLedger(city.ledger, city.people[name].administrator, {
      time: () => Math.floor(this.seconds),
    });
    this.stake = new Contracts(this.ledger).stake;
  }

  get elections(): number {
    return this.ledger.submitted.filter((name) => name === 'Stake:ElectValidator').length;
  }

  /** Attends `times` times. @param between is called before each */
  async keep(times: number, between: (turn: number) => unknown = () => undefined): Promise<void> {
    const stop = new AbortController();
    let turn = 0;
    await keepTurns({
      stake: this.stake,
      mspId: this.mspId,
      signal: stop.signal,
      logger: {
        ...silentLogger,
        warn: (_, text) => this.warnings.push(text),
        info: (_, text) => this.infos.push(text),
      },
      now: () => this.seconds * 1_000,
      jitterMs: JITTER_MS,
      random: () => RANDOM,
      pause: async (milliseconds) => {
        this.pauses.push(milliseconds);
        this.seconds += milliseconds / 1_000;
        if (turn === times) stop.abort();
        else await between(turn);
        turn += 1;
      },
    });
  }
}

describe('the turns that a vendor keeps', () => {
  it('asks once an epoch, a random pause after it began', async () => {
    const watch = new Watch(await StakeCity.founded(), 'helios');
    await watch.keep(4);
    expect(watch.elections).toBe(4);
    expect(watch.pauses[0]).toBe(RANDOM * JITTER_MS);
    for (const pause of watch.pauses.slice(2)) expect(pause).toBeCloseTo(EPOCH * 1_000, 0);
    expect(watch.seconds % EPOCH).toBeCloseTo((RANDOM * JITTER_MS) / 1_000, 3);
    expect(watch.city.table.epoch).toBe(Math.floor(watch.seconds / EPOCH) - 1);
    expect(watch.warnings).toEqual([]);
  });

  it('asks for nothing where another was first', async () => {
    const city = await StakeCity.founded();
    const first = new Watch(city, 'helios');
    const second = new Watch(city, 'meridian');
    await first.keep(1);
    await second.keep(1);
    expect([first.elections, second.elections]).toEqual([1, 0]);
  });

  it.each(['EPOCH_NOT_OVER', 'MVCC_READ_CONFLICT'])(
    'says nothing of %s and looks again',
    async (code) => {
      const watch = new Watch(await StakeCity.founded(), 'helios');
      watch.ledger.failures.push(new LedgerError(code, 'lost'));
      await watch.keep(2);
      expect(watch.elections).toBe(2);
      expect(watch.warnings).toEqual([]);
    },
  );

  it('tells of a ledger that is away, and tries again ever later', async () => {
    const watch = new Watch(await StakeCity.founded(), 'helios');
    for (let i = 0; i < 8; i += 1) watch.ledger.failures.push(new LedgerError('UNAVAILABLE', ''));
    await watch.keep(9);
    expect(watch.warnings).toHaveLength(8);
    const waits = watch.pauses.map((pause) => pause - RANDOM * JITTER_MS);
    expect(waits.slice(1, 9)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect(watch.city.table.epoch).toBeGreaterThan(0);
  });

  it('waits where stake has not begun', async () => {
    const watch = new Watch(await StakeCity.unfounded(), 'helios');
    await watch.keep(3);
    expect(watch.ledger.submitted).toEqual([]);
    expect(watch.warnings).toEqual([]);
  });
});

describe('the return of an organisation that was skipped', () => {
  const skip = async (watch: Watch): Promise<void> => {
    const { validator, epoch } = watch.city.table;
    for (const name of ['helios', 'meridian'] as const) {
      const identity = watch.city.people[name].administrator;
      const args = [validator, String(epoch), 'silent'];
      await watch.city.ledger.submit(identity, 'Stake:SkipValidator', args, {
        time: Math.floor(watch.seconds),
      });
    }
  };
  const returns = ({ ledger }: Watch): number =>
    ledger.submitted.filter((name) => name === 'Stake:Return').length;

  it('comes an epoch after the first skip', async () => {
    const watch = new Watch(await StakeCity.founded(), 'northlight');
    await watch.keep(3, (turn) => (turn === 1 ? skip(watch) : undefined));
    expect(returns(watch)).toBe(1);
    expect(watch.city.holder('northlight')).toMatchObject({ absent: false, skips: 1 });
    expect(watch.infos).toHaveLength(1);
  });

  it('comes later after more skips', async () => {
    const watch = new Watch(await StakeCity.founded(), 'northlight');
    await skip(watch);
    await watch.keep(2);
    expect(watch.city.holder('northlight').absent).toBe(false);
    // Elected again before long; then skipped for the second time: back after two epochs.
    let second = -1;
    let back = -1;
    await watch.keep(12, async (turn) => {
      if (second < 0 && watch.city.table.validator === MSPS.northlight) {
        await skip(watch);
        second = turn;
      } else if (second >= 0 && back < 0 && !watch.city.holder('northlight').absent) back = turn;
    });
    expect(watch.city.holder('northlight').skips).toBe(2);
    expect(back - second).toBe(3);
  });

  it('waits for the own peer', async () => {
    const watch = new Watch(await StakeCity.founded(), 'northlight');
    await skip(watch);
    const evaluate = watch.ledger.evaluate.bind(watch.ledger);
    let isDown = true;
    watch.ledger.evaluate = (transaction, args, options) =>
      isDown && options?.organisation === MSPS.northlight
        ? Promise.reject(new LedgerError('UNAVAILABLE', 'the peer is down'))
        : evaluate(transaction, args, options);
    await watch.keep(5);
    expect(watch.elections).toBe(5);
    expect(returns(watch)).toBe(0);
    isDown = false;
    await watch.keep(2);
    expect(returns(watch)).toBe(1);
  });
});
