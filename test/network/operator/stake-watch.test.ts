import { Contracts, LedgerError, type Ledger } from '../../../network/src/ledger/index.ts';
import { StakeWatch } from '../../../network/src/operator/city/stake-watch.ts';
import { MSPS, StakeCity, type Name } from '../../chaincode/stake/stake-city.ts';
import { codeOf } from '../code-of.ts';
import { contractLedger } from '../contract-ledger.ts';

/** Resolves when the lines that were printed pass. */
const until = async (passed: () => boolean): Promise<void> => {
  while (!passed()) await new Promise((resolve) => setTimeout(resolve, 5));
};
const ledgerOf = (city: StakeCity, name: Name = 'meridian'): Ledger =>
  contractLedger(city.ledger, city.people[name].administrator, { time: () => city.time });
const stakeOf = (city: StakeCity, name: Name): Contracts['stake'] =>
  new Contracts(ledgerOf(city, name)).stake;

describe('watching stake', () => {
  it('tells elections and sales, and how stake stands then', async () => {
    const city = await StakeCity.founded();
    const lines: string[] = [];
    await using watch = await StakeWatch.start({
      contracts: new Contracts(ledgerOf(city)),
      startBlock: city.ledger.events.length,
      print: (line) => lines.push(line),
    });
    expect(watch.status).toMatchObject({ epoch: 0, validator: MSPS.northlight });
    await stakeOf(city, 'helios').electValidator();
    const offer = { id: 'sale', shares: '5', buyer: MSPS.meridian, price: '' };
    await stakeOf(city, 'northlight').offerShares(offer);
    await stakeOf(city, 'meridian').acceptOffer('sale');
    await until(() => watch.sales === 1 && lines.length === 4);
    const { epoch } = city.table;
    expect(lines).toEqual([
      `stake: epoch ${epoch}: northlight is the validator`,
      'stake: northlight offers shares (sale)',
      'stake: northlight sold 5 shares to meridian (sale)',
      'stake: northlight 40, helios 30, meridian 30',
    ]);
    expect(watch.elections).toBe(1);
    expect(watch.status.organisations.map(({ shares }) => shares)).toEqual(['40', '30', '30']);
  });

  it('lets the network be brought up to date after a sale, not after an election or an offer', async () => {
    const city = await StakeCity.founded();
    const lines: string[] = [];
    const answers = [['coalitions: a, b'], new Error('an orderer is away')];
    await using watch = await StakeWatch.start({
      contracts: new Contracts(ledgerOf(city)),
      startBlock: city.ledger.events.length,
      print: (line) => lines.push(line),
      onShares: () => {
        const answer = answers.shift() ?? [];
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    });
    await stakeOf(city, 'helios').electValidator();
    for (const id of ['first', 'second']) {
      await stakeOf(city, 'northlight').offerShares({ id, shares: '5', buyer: '', price: '' });
      await stakeOf(city, 'meridian').acceptOffer(id);
    }
    await until(() => lines.some((line) => line.includes('not brought up to date')));
    expect(lines.slice(2)).toEqual([
      'stake: northlight sold 5 shares to meridian (first)',
      'stake: northlight 40, helios 30, meridian 30',
      'stake: coalitions: a, b',
      'stake: northlight offers shares (second)',
      'stake: northlight sold 5 shares to meridian (second)',
      'stake: meridian 35, northlight 35, helios 30',
      'stake: what the peers go by is not brought up to date: Error: an orderer is away',
    ]);
    expect(watch.sales).toBe(2);
  });

  it('begins again where its events broke off, and tells nothing twice', async () => {
    const city = await StakeCity.founded();
    const startBlock = city.ledger.events.length;
    await city.member('helios', 'ElectValidator');
    await city.administrator(
      'northlight',
      'OfferShares',
      JSON.stringify({ id: 'sale', shares: '5', buyer: '', price: '' }),
    );
    const ledger = ledgerOf(city);
    const events = ledger.events.bind(ledger);
    let heard = 0;
    ledger.events = async function* (options) {
      for await (const event of events(options)) {
        yield event;
        heard += 1;
        if (heard === 1) throw new LedgerError('UNAVAILABLE', 'the peer is away');
      }
    };
    const lines: string[] = [];
    await using watch = await StakeWatch.start({
      contracts: new Contracts(ledger),
      startBlock,
      print: (line) => lines.push(line),
      retryMs: 1,
    });
    await until(() => lines.some((line) => line.includes('offers shares')));
    expect(lines).toEqual([
      expect.stringContaining('is the validator'),
      expect.stringContaining('can not be followed'),
      'stake: northlight offers shares (sale)',
    ]);
    expect(watch.elections).toBe(1);
  });

  it('does not start where there is no stake', async () => {
    const city = await StakeCity.unfounded();
    const start = (): Promise<StakeWatch> =>
      StakeWatch.start({
        contracts: new Contracts(ledgerOf(city)),
        startBlock: 0,
        print: () => undefined,
      });
    expect(await codeOf(start)).toBe('STAKE_NOT_INITIALISED');
  });
});
