import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { requestImage } from '../../../network/src/exchange/index.ts';
import { VendorNode } from '../../../network/src/vendor/index.ts';
import { codeOf } from '../code-of.ts';
import { digest, IMAGE, IMAGE_PATH } from './orders.ts';
import { VendorCity } from './vendor-city.ts';

describe('a vendor node', () => {
  it('tells of a taken port', async () => {
    await using city = await VendorCity.start();
    const port = Number(new URL(city.northlight.url).port);
    const options = {
      id: 'meridian',
      directory: path.join(city.directory, 'meridian'),
      ledger: city.ledger,
    };
    expect(await codeOf(() => VendorNode.start({ ...options, port }))).toBe('ADDRESS_IN_USE');
  });

  it('closes with its signal', async () => {
    const controller = new AbortController();
    await using city = await VendorCity.start({ signal: controller.signal });
    controller.abort();
    await city.northlight.close();
    expect(await codeOf(() => requestImage(city.party, { sha256: digest(IMAGE), size: 1 }))).toBe(
      'FETCH_UNAVAILABLE',
    );
  });

  it.each([
    ['GET', '/', 404, 'ROUTE_NOT_FOUND'],
    ['GET', '/v1/firmware/../release-key', 404, 'ROUTE_NOT_FOUND'],
    ['GET', '/v1/assignments/prime-1/01', 404, 'ROUTE_NOT_FOUND'],
    ['POST', IMAGE_PATH, 405, 'METHOD_NOT_ALLOWED'],
    ['DELETE', '/v1/update-requests', 405, 'METHOD_NOT_ALLOWED'],
  ])('answers %s %s with %i', async (method, target, status, code) => {
    await using city = await VendorCity.start();
    const response = await fetch(city.northlight.url + target, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ status, code });
  });

  it.each([
    ['device-secrets.json', '{"devices":'],
    ['device-secrets.json', '{"format":"other","devices":[]}'],
    ['published-releases.json', 'null!'],
    ['published-releases.json', '{}'],
    ['release-key', 'xyz'],
  ])('does not start over a broken %s', async (file, text) => {
    await using city = await VendorCity.start();
    const directory = path.join(city.directory, 'northlight');
    await city.northlight.close();
    await writeFile(path.join(directory, file), text);
    const { ledger } = city;
    expect(await codeOf(() => VendorNode.start({ id: 'northlight', directory, ledger }))).toBe(
      'STORE_CORRUPT',
    );
  });
});
