/** Shares, elections and votes by transactions. */
import 'reflect-metadata';
import fc from 'fast-check';
import { contracts } from '../../../chaincode/src/index.ts';
import { SUBMIT_TRANSACTIONS } from '../../../chaincode/src/stake/submit-transactions.ts';
import { STAKE_TABLE_KEY } from '../../../chaincode/src/stake/index.ts';
import { codeOf } from '../memory-ledger.ts';
import { FOUNDING, MSPS, NAMES, StakeCity, type Name } from './stake-city.ts';

const offer = (change: object = {}): string =>
  JSON.stringify({ id: 'o-1', shares: '5', buyer: '', price: '100 EUR', ...change });

describe('Stake:Initialise', () => {
  it('founds the table, once', async () => {
    const city = await StakeCity.unfounded();
    expect(await codeOf(city.query('ReadTable'))).toBe('STAKE_NOT_INITIALISED');
    await city.administrator('northlight', 'Initialise', JSON.stringify(FOUNDING));
    expect(await city.query('ReadTable')).toMatchObject({
      issued: '100',
      validator: MSPS.northlight,
    });
    expect(await codeOf(city.administrator('helios', 'Initialise', JSON.stringify(FOUNDING)))).toBe(
      'STAKE_INITIALISED',
    );
  });

  it('repairs a table that does not parse', async () => {
    const city = await StakeCity.founded();
    city.ledger.state.set(STAKE_TABLE_KEY, Buffer.from('{"broken":true}'));
    await city.administrator('northlight', 'Initialise', JSON.stringify(FOUNDING));
    expect(city.table.issued).toBe(100n);
  });

  it('is for administrators', async () => {
    const city = await StakeCity.unfounded();
    expect(await codeOf(city.member('northlight', 'Initialise', JSON.stringify(FOUNDING)))).toBe(
      'CALLER_NOT_ALLOWED',
    );
  });

  it.each([
    [
      'two organisations',
      { organisations: FOUNDING.organisations.slice(0, 2) },
      'ARGUMENT_INVALID',
    ],
    [
      'one twice',
      { organisations: [...FOUNDING.organisations, FOUNDING.organisations[0]] },
      'ARGUMENT_INVALID',
    ],
    [
      'no shares',
      { organisations: FOUNDING.organisations.map((one) => ({ ...one, shares: '0' })) },
      'ARGUMENT_INVALID',
    ],
    ['a threshold below a half', { threshold: { num: '1', den: '3' } }, 'ARGUMENT_INVALID'],
    ['a cap above a half', { cap: { num: '2', den: '3' } }, 'ARGUMENT_INVALID'],
    [
      'an MSP id to escape',
      { organisations: [...FOUNDING.organisations, { mspId: 'A"B', shares: '1' }] },
      'ARGUMENT_INVALID',
    ],
    [
      'more than 2^64 shares',
      {
        organisations: FOUNDING.organisations.map((one) => ({
          ...one,
          shares: '18446744073709551615',
        })),
      },
      'ARGUMENT_INVALID',
    ],
    [
      'half of all shares in one hand',
      {
        organisations: [
          ...FOUNDING.organisations.slice(1),
          { mspId: MSPS.northlight, shares: '55' },
        ],
      },
      'STAKE_CAP_REACHED',
    ],
  ])('refuses %s', async (_, change, code) => {
    const city = await StakeCity.unfounded();
    const json = JSON.stringify({ ...FOUNDING, ...change });
    expect(await codeOf(city.administrator('northlight', 'Initialise', json))).toBe(code);
  });
});

describe('a sale', () => {
  it('moves shares from the seller to whoever accepts', async () => {
    const city = await StakeCity.founded();
    await city.administrator('northlight', 'OfferShares', offer());
    await city.administrator('meridian', 'AcceptOffer', 'o-1');
    expect(city.holder('northlight').shares).toBe(40n);
    expect(city.holder('meridian').shares).toBe(30n);
    expect(await codeOf(city.administrator('helios', 'AcceptOffer', 'o-1'))).toBe('OFFER_CLOSED');
    expect(city.ledger.events.at(-1)).toStrictEqual({
      name: 'SharesSold',
      payload: { offer: 'o-1', seller: MSPS.northlight, buyer: MSPS.meridian, shares: '5' },
    });
    expect(await city.query('Offers', '10', '')).toMatchObject({
      items: [{ id: 'o-1', state: 'accepted' }],
    });
  });

  it('can be withdrawn by its seller', async () => {
    const city = await StakeCity.founded();
    await city.administrator('northlight', 'OfferShares', offer());
    expect(await codeOf(city.administrator('helios', 'WithdrawOffer', 'o-1'))).toBe(
      'CALLER_NOT_ALLOWED',
    );
    await city.administrator('northlight', 'WithdrawOffer', 'o-1');
    expect(await codeOf(city.administrator('helios', 'AcceptOffer', 'o-1'))).toBe('OFFER_CLOSED');
  });

  it('can be for one buyer only', async () => {
    const city = await StakeCity.founded();
    await city.administrator('northlight', 'OfferShares', offer({ buyer: MSPS.meridian }));
    expect(await codeOf(city.administrator('helios', 'AcceptOffer', 'o-1'))).toBe(
      'CALLER_NOT_ALLOWED',
    );
    expect(await codeOf(city.administrator('northlight', 'AcceptOffer', 'o-1'))).toBe(
      'CALLER_NOT_ALLOWED',
    );
    expect(await codeOf(city.administrator('meridian', 'AcceptOffer', 'o-1'))).toBe('accepted');
  });

  it.each([
    ['more than is held', 'northlight', offer({ shares: '46' }), 'STAKE_SHARES_MISSING'],
    ['no shares', 'northlight', offer({ shares: '0' }), 'ARGUMENT_INVALID'],
    ['an odd buyer', 'northlight', offer({ buyer: 'a b' }), 'ARGUMENT_INVALID'],
    ['another field', 'northlight', offer({ seller: 'HeliosMSP' }), 'ARGUMENT_INVALID'],
  ] as const)('refuses %s', async (_, name, json, code) => {
    const city = await StakeCity.founded();
    expect(await codeOf(city.administrator(name, 'OfferShares', json))).toBe(code);
  });

  it('is refused beyond the cap, whose offer it ever is', async () => {
    const city = await StakeCity.founded();
    await city.administrator('meridian', 'OfferShares', offer());
    expect(await codeOf(city.administrator('northlight', 'AcceptOffer', 'o-1'))).toBe(
      'STAKE_CAP_REACHED',
    );
    expect(await codeOf(city.administrator('helios', 'AcceptOffer', 'o-2'))).toBe(
      'OFFER_NOT_FOUND',
    );
    expect(await codeOf(city.administrator('helios', 'OfferShares', offer()))).toBe('OFFER_EXISTS');
    expect(await codeOf(city.member('meridian', 'WithdrawOffer', 'o-1'))).toBe(
      'CALLER_NOT_ALLOWED',
    );
  });
});

describe('an election', () => {
  it('is held once an epoch, by any member', async () => {
    const city = await StakeCity.founded();
    await city.member('meridian', 'ElectValidator');
    const { epoch, validator } = city.table;
    expect(epoch).toBe(Math.floor(city.time / 60));
    const again = async (): Promise<string> => codeOf(city.member('helios', 'ElectValidator'));
    city.wait(60 - (city.time % 60) - 2);
    expect(await again()).toBe('EPOCH_NOT_OVER');
    city.wait(60);
    expect(await again()).toBe('accepted');
    expect(city.table.previous).toBe(validator);
    expect(await city.query('CoinAges')).toHaveLength(3);
    expect(await city.query('Elections')).toMatchObject([
      { epoch: city.table.epoch, validator: city.table.validator },
      { epoch, validator },
      { epoch: 0, validator: MSPS.northlight },
    ]);
  });
});

const motionOf = (city: StakeCity): readonly [string, string, string] => [
  city.table.validator,
  String(city.table.epoch),
  'no answer for 5 s',
];

describe('a skip', () => {
  it('needs votes of more than half of the shares', async () => {
    const city = await StakeCity.founded();
    const motion = motionOf(city);
    await city.member('helios', 'SkipValidator', ...motion);
    expect(city.table.validator).toBe(MSPS.northlight);
    await city.member('meridian', 'SkipValidator', ...motion);
    expect(city.table.validator).toBe(MSPS.helios);
    expect(city.holder('northlight')).toMatchObject({ absent: true, skips: 1 });
    expect(city.ledger.events.at(-1)?.name).toBe('ValidatorSkipped');
    await city.member('northlight', 'Return');
    expect(city.holder('northlight').absent).toBe(false);
    expect(await codeOf(city.member('northlight', 'Return'))).toBe('NOT_ABSENT');
  });

  it('counts each organisation once, and each epoch anew', async () => {
    const city = await StakeCity.founded();
    const motion = motionOf(city);
    await city.member('helios', 'SkipValidator', ...motion);
    expect(await codeOf(city.member('helios', 'SkipValidator', ...motion))).toBe('VOTE_EXISTS');
    city.wait(120);
    await city.member('helios', 'ElectValidator');
    expect(await codeOf(city.member('meridian', 'SkipValidator', ...motion))).toBe(
      'VALIDATOR_CHANGED',
    );
    const later = motionOf(city);
    await city.member('meridian', 'SkipValidator', ...later);
    expect(city.table.validator).toBe(later[0]);
  });

  it('never removes the last that is active', async () => {
    const city = await StakeCity.founded();
    const vote = async (): Promise<void> => {
      const motion = motionOf(city);
      for (const name of NAMES.filter((one) => MSPS[one] !== motion[0])) {
        await city.member(name, 'SkipValidator', ...motion);
      }
    };
    await vote();
    await vote();
    expect(await codeOf(city.member('northlight', 'SkipValidator', ...motionOf(city)))).toBe(
      'VALIDATOR_ALONE',
    );
  });
});

/** Everything that an organisation can do by itself. */
const acts: fc.Arbitrary<(city: StakeCity, name: Name) => Promise<unknown>> = fc.oneof(
  fc.constant((city: StakeCity, name: Name) =>
    city.member(name, 'SkipValidator', ...motionOf(city)),
  ),
  fc.constant((city: StakeCity, name: Name) => city.member(name, 'Return')),
  fc.constant((city: StakeCity, name: Name) =>
    city.administrator(name, 'Reissue', JSON.stringify([{ mspId: MSPS[name], shares: '1' }])),
  ),
  fc
    .nat(5)
    .map(
      (id) => (city: StakeCity, name: Name) =>
        city.administrator(name, 'OfferShares', offer({ id: `o-${id}`, shares: '3' })),
    ),
  fc
    .nat(5)
    .map(
      (id) => (city: StakeCity, name: Name) => city.administrator(name, 'AcceptOffer', `o-${id}`),
    ),
);

describe('a minority', () => {
  it('changes neither table nor election, however it votes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...NAMES),
        fc.array(acts, { minLength: 1, maxLength: 12 }),
        async (name, steps) => {
          const city = await StakeCity.founded();
          const before = city.ledger.state.get(STAKE_TABLE_KEY);
          for (const step of steps) await codeOf(step(city, name));
          expect(city.ledger.state.get(STAKE_TABLE_KEY)).toEqual(before);
        },
      ),
      { numRuns: 40 },
    );
  });
});

interface DeclaredTransaction {
  readonly name: string;
  readonly tag?: readonly string[];
}

describe('the transactions that may be evidence', () => {
  it('are those that the contracts have for writing', () => {
    const declared = contracts.flatMap((contract) => {
      const transactions = Reflect.getMetadata(
        'fabric:transactions',
        contract.prototype,
      ) as readonly DeclaredTransaction[];
      return transactions
        .filter(({ tag = [] }) => tag.includes('submitTx'))
        .map(({ name }) => `${contract.name}:${name}`);
    });
    expect(declared.sort()).toStrictEqual([...SUBMIT_TRANSACTIONS].sort());
  });
});
