import { Contracts, type Ledger } from '../../../network/src/ledger/index.ts';
import { FOUNDING, MSPS, StakeCity, type Name } from '../../chaincode/stake/stake-city.ts';
import { codeOf } from '../code-of.ts';
import { contractLedger } from '../contract-ledger.ts';

const newCity = async (): Promise<{
  readonly city: StakeCity;
  readonly as: (name: Name) => Contracts['stake'];
}> => {
  const city = await StakeCity.founded();
  const time = (): number => city.time;
  const as = (name: Name): Contracts['stake'] =>
    new Contracts(contractLedger(city.ledger, city.people[name].administrator, { time })).stake;
  return { city, as };
};

describe('the typed contract Stake', () => {
  it('founds stake once', async () => {
    const city = await StakeCity.unfounded();
    const { stake } = new Contracts(
      contractLedger(city.ledger, city.people.northlight.administrator, { time: () => city.time }),
    );
    expect(await codeOf(() => stake.readTable())).toBe('STAKE_NOT_INITIALISED');
    await stake.initialise(FOUNDING);
    expect(await stake.readTable()).toMatchObject({ issued: 100n, epochSeconds: 60 });
    expect(await codeOf(() => stake.initialise(FOUNDING))).toBe('STAKE_INITIALISED');
  });

  it('sells shares, and withdraws an offer', async () => {
    const { as } = await newCity();
    const offer = { id: 'sale-1', shares: '5', buyer: MSPS.meridian, price: '10' };
    await as('northlight').offerShares(offer);
    await as('northlight').offerShares({ ...offer, id: 'sale-2' });
    await as('meridian').acceptOffer('sale-1');
    await as('northlight').withdrawOffer('sale-2');
    expect((await as('helios').offers({ pageSize: 5 })).items).toMatchObject([
      { id: 'sale-1', state: 'accepted' },
      { id: 'sale-2', state: 'withdrawn' },
    ]);
    const ages = await as('helios').coinAges();
    expect(ages.map(({ mspId, shares }) => [mspId, shares])).toEqual([
      [MSPS.helios, '30'],
      [MSPS.meridian, '30'],
      [MSPS.northlight, '40'],
    ]);
    expect((await as('helios').stakeHistory()).length).toBe(2);
  });

  it('elects, skips and returns', async () => {
    const { as } = await newCity();
    await as('helios').electValidator();
    expect(await codeOf(() => as('helios').electValidator())).toBe('EPOCH_NOT_OVER');
    const { validator, epoch } = await as('helios').readTable();
    const [elected] = await as('helios').elections();
    expect(elected).toMatchObject({ epoch, validator });
    expect(validator).toBe(MSPS.northlight);
    await as('helios').skipValidator(validator, epoch, 'silent');
    await as('meridian').skipValidator(validator, epoch, 'silent');
    expect((await as('helios').readTable()).validator).not.toBe(validator);
    await as('northlight').return();
    expect(await codeOf(() => as('northlight').return())).toBe('NOT_ABSENT');
  });

  it('hands over what has no case with the code of the refusal', async () => {
    const { as } = await newCity();
    expect((await as('helios').cases()).items).toEqual([]);
    const none = '00'.repeat(32);
    expect(await codeOf(() => as('helios').voteBurn(none))).toBe('CASE_NOT_FOUND');
    expect(await codeOf(() => as('helios').liftBar(none))).toBe('CASE_NOT_FOUND');
    expect(await codeOf(() => as('helios').reissue([{ mspId: MSPS.helios, shares: '1' }]))).toBe(
      'STAKE_SHARES_MISSING',
    );
    const bytes = { payload: '', endorser: '', signature: '' };
    const report = { channelHeader: '', signatureHeader: '', proposal: '' };
    expect(
      await codeOf(() =>
        as('helios').reportMisconduct({
          ...report,
          kind: 'equivocation',
          responses: [bytes, bytes],
        }),
      ),
    ).toBe('EVIDENCE_INVALID');
  });

  it.each(['', 'null', '{}', '{"docType":"stakeTable"}'])('refuses the table %j', async (text) => {
    const evaluate = (): Promise<Uint8Array> => Promise.resolve(Buffer.from(text));
    const { stake } = new Contracts({ evaluate } as unknown as Ledger);
    expect(await codeOf(() => stake.readTable())).toBe('RECORD_MALFORMED');
  });
});
