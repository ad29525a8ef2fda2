import { encodeCbor } from '@lamplighter/sdk/wire';

import {
  readRenewalRequest,
  signRenewalRequest,
  signUpdateRequest,
  verifyRenewalRequest,
  type RenewalRequest,
} from '../../../network/src/exchange/index.ts';
import { signMessage } from '../../../network/src/exchange/signed-message.ts';
import { codeOf } from '../code-of.ts';
import { flipped, fresh, GATEWAY, HELIOS, nonce, NOW } from './parties.ts';

const request: RenewalRequest = {
  manager: 'gateway-north',
  vendor: 'northlight',
  device: 'mote-1',
  serial: 3,
  nonce: nonce(3),
  time: NOW,
};
const asked = signRenewalRequest(request, GATEWAY.secret);
const expected = { managerKey: GATEWAY.public, vendor: 'northlight' };

describe('renewal request', () => {
  it('comes through, once', async () => {
    const all = { ...expected, freshness: fresh() };
    expect(verifyRenewalRequest(readRenewalRequest(asked), all)).toEqual(request);
    const again = (): unknown => verifyRenewalRequest(readRenewalRequest(asked), all);
    expect(await codeOf(again)).toBe('EXCHANGE_REPLAYED');
  });

  it.each([
    ['another key', { managerKey: HELIOS.public }, 'EXCHANGE_BAD_SIGNATURE'],
    ['another vendor', { vendor: 'helios' }, 'EXCHANGE_WRONG_RECIPIENT'],
    ['a stale time', { freshness: fresh(NOW + 301) }, 'EXCHANGE_STALE'],
  ])('is refused for %s', async (_what, change, code) => {
    const all = { ...expected, freshness: fresh(), ...change };
    expect(await codeOf(() => verifyRenewalRequest(readRenewalRequest(asked), all))).toBe(code);
  });

  it('is refused with any bit changed', async () => {
    for (let index = 0; index < asked.length; index += 7) {
      const call = (): unknown => {
        const message = readRenewalRequest(flipped(asked, index));
        return verifyRenewalRequest(message, { ...expected, freshness: fresh() });
      };
      expect(['EXCHANGE_MALFORMED', 'EXCHANGE_BAD_SIGNATURE']).toContain(await codeOf(call));
    }
  });

  it('is no signature of another request', async () => {
    const sha256 = new Uint8Array(32);
    const other = { ...request, model: 'mote', gen: 1, seq: 1, sha256 };
    const update = signUpdateRequest(other, GATEWAY.secret);
    expect(await codeOf(() => readRenewalRequest(update))).toBe('EXCHANGE_MALFORMED');
    const payload = encodeCbor([1, 'gateway-north', 'northlight', 'mote-1', 3, nonce(3), NOW]);
    const elsewhere = signMessage('update-request', payload, GATEWAY.secret);
    const verify = (): unknown =>
      verifyRenewalRequest(readRenewalRequest(elsewhere), { ...expected, freshness: fresh() });
    expect(await codeOf(verify)).toBe('EXCHANGE_BAD_SIGNATURE');
  });
});
