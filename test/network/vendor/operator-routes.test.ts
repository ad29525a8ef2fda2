import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { type Provisioning } from '../../../network/src/vendor/index.ts';
import { IMAGE } from './orders.ts';
import { VendorCity } from './vendor-city.ts';

describe('operator API', () => {
  const post = async (
    city: VendorCity,
    body: object | string,
    token?: string,
    route = 'devices',
  ): Promise<Response> => {
    const own = (await readFile(city.northlight.tokenFile, 'utf8')).trim();
    return fetch(`${city.northlight.url}/v1/operator/${route}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token ?? own}` },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  };
  const imageFile = async (city: VendorCity): Promise<string> => {
    const file = path.join(city.directory, 'image.bin');
    await writeFile(file, IMAGE);
    return file;
  };

  it('provisions a device of another make', async () => {
    await using city = await VendorCity.start();
    const image = await imageFile(city);
    const response = await post(city, { model: 'mote', kind: 'lightweight', image, seq: 7 });
    expect(response.status).toBe(201);
    const document = (await response.json()) as Provisioning;
    expect(document).toMatchObject({
      model: 'mote',
      kind: 'lightweight',
      image,
      seq: 7,
      fti: 3_600,
    });
    const record = await city.northlight.contracts.readDevice(document.device);
    expect(record).toMatchObject({ state: 'assigned', firmware: { sequence: 7 } });
  });

  it.each(['', '00'.repeat(32), 'x'])('refuses the token "%s"', async (token) => {
    await using city = await VendorCity.start();
    const response = await post(city, {}, token);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'NOT_AUTHORISED' });
  });

  it.each<[string, object | string, string]>([
    ['no JSON', '{', 'REQUEST_MALFORMED'],
    ['an array', [], 'REQUEST_MALFORMED'],
    ['a model that is no id', { model: 'A' }, 'REQUEST_MALFORMED'],
    ['an unknown kind', { kind: 'heavy' }, 'REQUEST_MALFORMED'],
    ["a kind that is not the model's", { kind: 'end' }, 'REQUEST_MALFORMED'],
    ['a relative path', { image: 'image.bin' }, 'REQUEST_MALFORMED'],
    ['a path to nothing', { image: '/nowhere/image.bin' }, 'IMAGE_NOT_FOUND'],
    ['a path to a folder', { image: '/' }, 'IMAGE_NOT_FOUND'],
    ['an FTI out of bounds', { fti: 9 }, 'REQUEST_MALFORMED'],
    ['a seq that is no integer', { seq: 1.5 }, 'REQUEST_MALFORMED'],
    ['a version out of ASCII', { version: 'ü' }, 'REQUEST_MALFORMED'],
    ['an unknown model', { model: 'nope' }, 'MODEL_NOT_FOUND'],
    ['an unknown manager', { manager: 'nobody' }, 'MANAGER_NOT_FOUND'],
    ['too large a body', 'x'.repeat(16_385), 'BODY_TOO_LARGE'],
  ])('refuses %s', async (_, change, code) => {
    await using city = await VendorCity.start();
    const order = { model: 'mote', kind: 'lightweight', image: await imageFile(city) };
    const body =
      typeof change === 'string' || Array.isArray(change) ? change : { ...order, ...change };
    expect(await (await post(city, body)).json()).toMatchObject({ code });
  });

  it('moves the roots by a generation', async () => {
    await using city = await VendorCity.start();
    const order = { keys: 3, threshold: 2 };
    const response = await post(city, order, undefined, 'roots');
    expect(await response.json()).toEqual({ gen: 2, ...order });
    // With 2 of the old, 7 of the new would be more than one envelope holds.
    const most = await post(city, { keys: 8, threshold: 7 }, undefined, 'roots');
    expect(await most.json()).toMatchObject({ code: 'REQUEST_MALFORMED' });
    const next = await post(city, { keys: 8, threshold: 6 }, undefined, 'roots');
    expect(await next.json()).toMatchObject({ gen: 3 });
  });

  it.each([
    {},
    { keys: 3 },
    { threshold: 1 },
    { keys: 0, threshold: 0 },
    { keys: 9, threshold: 1 },
    { keys: 2, threshold: 3 },
    { keys: 1.5, threshold: 1 },
    { keys: '3', threshold: 2 },
  ])('does not move the roots by %p', async (order) => {
    await using city = await VendorCity.start();
    const response = await post(city, order, undefined, 'roots');
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: 'REQUEST_MALFORMED' },
    ]);
    expect((await post(city, order, '00', 'roots')).status).toBe(401);
  });
});
