import type { StakeCaseRecord } from '@lamplighter/chaincode';
import type { StakeStatus } from '../../../network/src/ledger/index.ts';
import {
  caseLine,
  offerLine,
  sharesLine,
  stakeEventLine,
  stakeLines,
} from '../../../network/src/operator/view/stake-lines.ts';

const nameOf = (mspId: string): string => mspId.replace('MSP', '').toLowerCase();
const holder = (
  mspId: string,
  shares: string,
  standing: StakeStatus['organisations'][number]['standing'] = 'active',
  skips = 0,
): StakeStatus['organisations'][number] => ({ mspId, shares, coinAge: '-5', standing, skips });
const STATUS: StakeStatus = {
  epoch: 7,
  epochSeconds: 60,
  validator: 'HeliosMSP',
  previous: '',
  issued: '100',
  burned: '0',
  threshold: '1/2',
  cap: '1/2',
  organisations: [holder('NorthlightMSP', '45', 'absent', 2), holder('HeliosMSP', '30')],
  cases: [],
  offers: [],
};
const CASE: StakeCaseRecord = {
  docType: 'stakeCase',
  schema: 1,
  id: 'ab'.repeat(32),
  kind: 'divergence',
  accused: 'MeridianMSP',
  certificate: '',
  witnesses: ['NorthlightMSP', 'HeliosMSP'],
  transaction: 'StatusLog:ReportStatuses',
  transactionId: '',
  burned: '0',
  state: 'barred',
  reporter: 'HeliosMSP',
  time: '2026-01-01T00:00:00.000Z',
};

describe('stake in lines', () => {
  it('has the validator, and a line an organisation', () => {
    expect(stakeLines(STATUS, nameOf)).toEqual([
      'stake: epoch 7, validator helios; more than 1/2 of 100 shares decide',
      '  northlight  45 shares  coin age -5  absent     skipped 2 times',
      '  helios      30 shares  coin age -5  validator',
    ]);
  });

  it('says what decides where the network asks for no validator', () => {
    const rule = { words: 'stock peers: northlight and helios decide', needsValidator: false };
    expect(stakeLines(STATUS, nameOf, rule)[1]).toBe(`  ${rule.words}`);
    const full = { words: 'the whole rule', needsValidator: true };
    expect(stakeLines(STATUS, nameOf, full)).toEqual(stakeLines(STATUS, nameOf));
  });

  it('says what is burned, and when nobody can be elected', () => {
    const status = { ...STATUS, burned: '25', validator: '' };
    expect(stakeLines(status, nameOf)[0]).toBe(
      'stake: epoch 7, validator nobody; more than 1/2 of 100 shares decide (25 of them burned)',
    );
    expect(sharesLine(status, nameOf)).toBe('northlight 45 absent, helios 30, burned 25');
  });

  it('shows the newest cases, and how many more there are', () => {
    const lines = stakeLines({ ...STATUS, cases: Array<StakeCaseRecord>(5).fill(CASE) }, nameOf);
    expect(lines.slice(3)).toEqual([
      ...Array<string>(3).fill(`  ${caseLine(CASE, nameOf)}`),
      '  … and 2 more cases',
    ]);
  });

  it('tells a case by who did what to which proposal, and who says so', () => {
    expect(caseLine(CASE, nameOf)).toBe(
      'case abababababab: meridian barred: divergence on StatusLog:ReportStatuses, against northlight and helios, reported by helios',
    );
    const burned = { ...CASE, kind: 'equivocation', state: 'burned', burned: '25', witnesses: [] };
    expect(caseLine(burned as unknown as StakeCaseRecord, nameOf)).toBe(
      'case abababababab: meridian burned, 25 shares burned: equivocation on StatusLog:ReportStatuses, reported by helios',
    );
  });

  it('tells an offer', () => {
    const offer = {
      docType: 'stakeOffer',
      schema: 1,
      id: 'sale-1',
      shares: '5',
      buyer: '',
      price: '',
      seller: 'HeliosMSP',
      state: 'open',
      time: '',
    } as const;
    expect(offerLine(offer, nameOf)).toBe('offer sale-1: helios offers 5 shares to anybody');
    expect(offerLine({ ...offer, buyer: 'MeridianMSP', price: '9 EUR' }, nameOf)).toBe(
      'offer sale-1: helios offers 5 shares to meridian for 9 EUR',
    );
  });

  it.each<[string, object, string]>([
    ['ValidatorElected', { epoch: 3, validator: 'HeliosMSP' }, 'epoch 3: helios is the validator'],
    [
      'ValidatorSkipped',
      { epoch: 3, skipped: 'HeliosMSP', validator: '' },
      'epoch 3: helios was skipped, nobody is the validator',
    ],
    ['ValidatorReturned', { organisation: 'HeliosMSP' }, 'helios takes turns again'],
    ['SharesOffered', { offer: 'a', seller: 'HeliosMSP' }, 'helios offers shares (a)'],
    ['OfferWithdrawn', { offer: 'a', seller: 'HeliosMSP' }, 'helios withdrew its offer (a)'],
    [
      'SharesSold',
      { offer: 'a', seller: 'HeliosMSP', buyer: 'MeridianMSP', shares: '5' },
      'helios sold 5 shares to meridian (a)',
    ],
    [
      'MisconductProven',
      { case: CASE.id, kind: 'equivocation', accused: 'HeliosMSP', state: 'burned' },
      'MISCONDUCT of helios: equivocation; its shares are burned, it is barred (case abababababab)',
    ],
    [
      'MisconductProven',
      { case: CASE.id, kind: 'divergence', accused: 'HeliosMSP', state: 'barred' },
      'MISCONDUCT of helios: divergence; it is barred (case abababababab)',
    ],
    [
      'SharesBurned',
      { case: CASE.id, accused: 'HeliosMSP', shares: '30' },
      '30 shares of helios burned by vote',
    ],
    ['BarLifted', { case: CASE.id, accused: 'HeliosMSP' }, 'helios has its voice back by vote'],
    [
      'SharesReissued',
      { to: ['HeliosMSP', 'MeridianMSP'] },
      'burned shares are issued again to helios, meridian',
    ],
  ])('has a line for %s', (name, payload, line) => {
    expect(stakeEventLine(name, payload, nameOf)).toBe(line);
  });

  it('has none for the events of other contracts', () => {
    expect(stakeEventLine('StatusReported', { manager: 'a' }, nameOf)).toBeUndefined();
    expect(stakeEventLine('StakeInitialised', {}, nameOf)).toBeUndefined();
  });
});
