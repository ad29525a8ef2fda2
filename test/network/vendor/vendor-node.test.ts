import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { loadMasterKey } from '../../../network/src/at-rest/master-key.ts';
import { readSealed } from '../../../network/src/at-rest/sealed-file.ts';
import { Sealer } from '../../../network/src/at-rest/sealer.ts';
import { requestImage } from '../../../network/src/exchange/index.ts';
import { VendorNode } from '../../../network/src/vendor/index.ts';
import { codeOf } from '../code-of.ts';
import { digest, IMAGE, IMAGE_PATH, make } from './orders.ts';
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
    ['device-secrets.json', '{"devices":', 'STORE_CORRUPT'],
    ['device-secrets.json', '{"format":"other","devices":[]}', 'STORE_CORRUPT'],
    ['device-secrets.json.sealed', 'xyz', 'SEALED_DAMAGED'],
    ['published-releases.json', 'null!', 'STORE_CORRUPT'],
    ['published-releases.json', '{}', 'STORE_CORRUPT'],
    ['release-key', 'xyz', 'SEALED_DAMAGED'],
    ['release-key.sealed', 'xyz', 'SEALED_DAMAGED'],
    ['master-key', '00'.repeat(32), 'MASTER_KEY_WRONG'],
  ])('does not start over a broken %s', async (file, text, code) => {
    await using city = await VendorCity.start();
    const directory = path.join(city.directory, 'northlight');
    await city.northlight.close();
    await rm(path.join(directory, `${file}.sealed`), { force: true });
    await writeFile(path.join(directory, file), text);
    const { ledger } = city;
    expect(await codeOf(() => VendorNode.start({ id: 'northlight', directory, ledger }))).toBe(
      code,
    );
  });

  it('seals what an earlier version kept in the open', async () => {
    await using city = await VendorCity.start();
    const { signingKey } = city.northlight;
    const [document] = await make(city, 'prime-1');
    await city.northlight.close();
    const directory = path.join(city.directory, 'northlight');
    const sealer = new Sealer(await loadMasterKey(directory, {}), 'northlight', 'vendor storage');
    const names = ['release-key', 'device-secrets.json'];
    const texts: string[] = [];
    for (const name of names) {
      const file = path.join(directory, name);
      const bytes = await readSealed(file, sealer, () => undefined);
      texts.push(Buffer.from(bytes ?? []).toString());
      await writeFile(file, bytes ?? '', { mode: 0o600 });
      await rm(`${file}.sealed`);
    }
    expect(texts[1]).toMatch(/"kv0":"[0-9a-f]{64}"/);
    const { ledger } = city;
    await using again = await VendorNode.start({ id: 'northlight', directory, ledger });
    expect(again.signingKey).toBe(signingKey);
    expect(again.madeDevices).toEqual(['prime-1']);
    expect(await again.documents(['prime-1'])).toEqual([document]);
    const left = await readdir(directory);
    for (const name of names) {
      expect(left).toContain(`${name}.sealed`);
      expect(left).not.toContain(name);
      const sealed = await readFile(path.join(directory, `${name}.sealed`), 'latin1');
      expect(sealed).not.toContain(texts[0]?.trim());
      expect(sealed).not.toContain('kv0');
    }
  });
});
