import type { StakeCaseRecord, StakeOfferRecord } from '@lamplighter/chaincode';
import { stakeStatusOf } from '../../../network/src/ledger/stake-status.ts';
import { burn, skipValidator } from '../../../chaincode/src/stake/shares.ts';
import { MSPS, StakeCity } from '../../chaincode/stake/stake-city.ts';

const offer = (id: string, state: StakeOfferRecord['state'], time: string): StakeOfferRecord => ({
  docType: 'stakeOffer',
  schema: 1,
  id,
  shares: '5',
  buyer: '',
  price: '',
  seller: MSPS.northlight,
  state,
  time,
});

describe('how stake stands', () => {
  it('is plain JSON, the largest organisation first', async () => {
    const { table } = await StakeCity.founded();
    const status = stakeStatusOf(table, [], []);
    expect(JSON.parse(JSON.stringify(status))).toEqual({
      epoch: 0,
      epochSeconds: 60,
      validator: MSPS.northlight,
      previous: '',
      issued: '100',
      burned: '0',
      threshold: '1/2',
      cap: '1/2',
      organisations: [
        { mspId: MSPS.northlight, shares: '45', coinAge: '0', standing: 'active', skips: 0 },
        { mspId: MSPS.helios, shares: '30', coinAge: '0', standing: 'active', skips: 0 },
        { mspId: MSPS.meridian, shares: '25', coinAge: '0', standing: 'active', skips: 0 },
      ],
      cases: [],
      offers: [],
    });
  });

  it('tells who is absent, who is barred, and what is burned', async () => {
    const { table } = await StakeCity.founded();
    const { organisations, burned, issued } = stakeStatusOf(
      burn(skipValidator(table), MSPS.helios),
      [],
      [],
    );
    expect([issued, burned]).toEqual(['100', '30']);
    expect(organisations.map(({ standing, skips }) => [standing, skips])).toEqual([
      ['absent', 1],
      ['active', 0],
      ['barred', 0],
    ]);
  });

  it('has open offers only, and the newest of all first', async () => {
    const { table } = await StakeCity.founded();
    const cases = ['2026-01-01', '2026-01-03', '2026-01-02'].map(
      (time) => ({ id: time, time }) as StakeCaseRecord,
    );
    const offers = [
      offer('a', 'open', '2026-01-01'),
      offer('b', 'withdrawn', '2026-01-04'),
      offer('c', 'open', '2026-01-02'),
      offer('d', 'accepted', '2026-01-03'),
    ];
    const status = stakeStatusOf(table, cases, offers);
    expect(status.cases.map(({ id }) => id)).toEqual(['2026-01-03', '2026-01-02', '2026-01-01']);
    expect(status.offers.map(({ id }) => id)).toEqual(['c', 'a']);
  });
});
