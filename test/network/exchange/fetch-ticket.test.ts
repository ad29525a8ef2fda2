import {
  readFetchTicket,
  signFetchTicket,
  verifyFetchTicket,
  type FetchTicket,
} from '../../../network/src/exchange/index.ts';
import { codeOf } from '../code-of.ts';
import { fresh, GATEWAY, HELIOS, nonce, NOW } from './parties.ts';

const ticket: FetchTicket = {
  role: 'manager',
  party: 'gateway-north',
  vendor: 'northlight',
  path: '/v1/firmware/00',
  nonce: nonce(1),
  time: NOW,
};
const header = signFetchTicket(ticket, GATEWAY.secret);
const expected = { partyKey: GATEWAY.public, vendor: 'northlight', path: '/v1/firmware/00' };

describe('fetch ticket', () => {
  it.each(['manager', 'vendor'] as const)('names a %s', (role) => {
    const message = readFetchTicket(signFetchTicket({ ...ticket, role }, GATEWAY.secret));
    expect(verifyFetchTicket(message, { ...expected, freshness: fresh() })).toEqual({
      ...ticket,
      role,
    });
  });

  it.each([
    ['another key', { partyKey: HELIOS.public }, 'EXCHANGE_BAD_SIGNATURE'],
    ['another vendor', { vendor: 'helios' }, 'EXCHANGE_WRONG_RECIPIENT'],
    ['another path', { path: '/v1/firmware/01' }, 'EXCHANGE_MISMATCH'],
    ['a stale time', { freshness: fresh(NOW - 301) }, 'EXCHANGE_STALE'],
  ])('is refused with %s', async (_, change, code) => {
    const all = { ...expected, freshness: fresh(), ...change };
    expect(await codeOf(() => verifyFetchTicket(readFetchTicket(header), all))).toBe(code);
  });

  it('works once', async () => {
    const all = { ...expected, freshness: fresh() };
    verifyFetchTicket(readFetchTicket(header), all);
    expect(await codeOf(() => verifyFetchTicket(readFetchTicket(header), all))).toBe(
      'EXCHANGE_REPLAYED',
    );
  });

  it.each(['', 'Bearer 00', 'Lamplighter', 'Lamplighter %%%', `Lamplighter ${'A'.repeat(2_000)}`])(
    'refuses %j',
    async (value) => {
      expect(await codeOf(() => readFetchTicket(value))).toBe('EXCHANGE_MALFORMED');
    },
  );
});
