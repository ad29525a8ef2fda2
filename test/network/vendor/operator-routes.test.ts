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
  ): Promise<Response> => {
    const own = (await readFile(city.northlight.tokenFile, 'utf8')).trim();
    return fetch(`${city.northlight.url}/v1/operator/devices`, {
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
});
