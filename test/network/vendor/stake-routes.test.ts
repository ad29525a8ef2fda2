import { readFile } from 'node:fs/promises';

import type { StakeStatus } from '../../../network/src/ledger/index.ts';
import type { VendorNode } from '../../../network/src/vendor/index.ts';
import { MSPS } from '../../chaincode/stake/founding.ts';
import { VendorCity } from './vendor-city.ts';

async function ask<T>(node: VendorNode, action: string, body: object = {}): Promise<T> {
  const token = (await readFile(node.tokenFile, 'utf8')).trim();
  const response = await fetch(`${node.url}/v1/operator/stake/${action}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

const status = (city: VendorCity): Promise<StakeStatus> => ask(city.northlight, 'status');
const sharesOf = async (city: VendorCity): Promise<readonly string[]> =>
  (await status(city)).organisations.map(({ mspId, shares }) => `${mspId} ${shares}`);

describe('operator API for stake', () => {
  it('sells shares', async () => {
    await using city = await VendorCity.start();
    const offer = await ask<{ id: string }>(city.northlight, 'offer', {
      shares: '6',
      buyer: MSPS.helios,
      price: '60 EUR',
    });
    expect(offer).toMatchObject({ shares: '6', buyer: MSPS.helios, price: '60 EUR' });
    expect((await status(city)).offers).toMatchObject([{ id: offer.id }]);
    expect(await ask(city.helios, 'accept', { offer: offer.id })).toMatchObject({
      offer: offer.id,
    });
    expect(await sharesOf(city)).toEqual(['NorthlightMSP 39', 'HeliosMSP 36', 'MeridianMSP 25']);
    expect((await status(city)).offers).toEqual([]);
    expect(await ask(city.northlight, 'withdraw', { offer: offer.id })).toMatchObject({
      code: 'OFFER_CLOSED',
    });
  });

  it('refuses a purchase that would reach the cap, and withdraws', async () => {
    await using city = await VendorCity.start();
    await ask(city.northlight, 'offer', { id: 'too-much', shares: '20' });
    expect(await ask(city.helios, 'accept', { offer: 'too-much' })).toMatchObject({
      code: 'STAKE_CAP_REACHED',
    });
    expect(await ask(city.northlight, 'withdraw', { offer: 'too-much' })).toMatchObject({
      offer: 'too-much',
    });
    expect((await status(city)).offers).toEqual([]);
  });

  it('skips by votes, and returns', async () => {
    await using city = await VendorCity.start();
    const reason = 'does not answer';
    const vote = { validator: MSPS.northlight, epoch: 0 };
    expect(await ask(city.northlight, 'return')).toMatchObject({ code: 'NOT_ABSENT' });
    expect(await ask(city.helios, 'skip', { reason })).toEqual({ ...vote, carried: false });
    expect(await ask(city.helios, 'skip', { reason })).toMatchObject({ code: 'VOTE_EXISTS' });
    expect(await ask(city.northlight, 'skip', { reason })).toEqual({ ...vote, carried: true });
    expect(await status(city)).toMatchObject({
      validator: MSPS.helios,
      organisations: [{ standing: 'absent', skips: 1 }, {}, {}],
    });
    expect(await ask(city.northlight, 'return')).toEqual({ organisation: MSPS.northlight });
    expect((await status(city)).organisations[0]).toMatchObject({ standing: 'active' });
  });

  it.each<[string, string, object, string]>([
    ['shares that are no text', 'offer', { shares: 5 }, 'REQUEST_MALFORMED'],
    ['no shares at all', 'offer', { shares: '0' }, 'REQUEST_MALFORMED'],
    ['a buyer that is no text', 'offer', { shares: '5', buyer: 1 }, 'REQUEST_MALFORMED'],
    ['a price that is no text', 'offer', { shares: '5', price: 1 }, 'REQUEST_MALFORMED'],
    ['an offer without a name', 'accept', {}, 'REQUEST_MALFORMED'],
    ['an unknown offer', 'accept', { offer: 'none' }, 'OFFER_NOT_FOUND'],
    ['a skip without a reason', 'skip', {}, 'REQUEST_MALFORMED'],
    ['a case that is none', 'burn', { case: 'x' }, 'REQUEST_MALFORMED'],
    ['an unknown case', 'burn', { case: '00'.repeat(32) }, 'CASE_NOT_FOUND'],
    ['an unknown case to lift', 'lift', { case: '00'.repeat(32) }, 'CASE_NOT_FOUND'],
  ])('refuses %s', async (_, action, body, code) => {
    await using city = await VendorCity.start();
    expect(await ask(city.northlight, action, body)).toMatchObject({ code });
  });

  it('refuses whoever has no token', async () => {
    await using city = await VendorCity.start();
    const response = await fetch(`${city.northlight.url}/v1/operator/stake/skip`, {
      method: 'POST',
      body: '{"reason":"x"}',
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'NOT_AUTHORISED' });
  });
});
