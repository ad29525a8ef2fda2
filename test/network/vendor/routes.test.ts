import { readFile, writeFile } from 'node:fs/promises';

import { openEnvelope, pskOf } from '@lamplighter/sdk/crypto';
import { decodeManifest, decodeSigned } from '@lamplighter/sdk/wire';

import {
  fetchBounded,
  requestHandOver,
  requestImage,
  requestUpdate,
} from '../../../network/src/exchange/index.ts';
import { codeOf } from '../code-of.ts';
import { HELIOS } from '../exchange/parties.ts';
import {
  bytes,
  digest,
  fetchPart,
  IMAGE,
  IMAGE_PATH,
  make,
  NEXT,
  refusal,
  releaseFor,
  ticket,
} from './orders.ts';
import { INTERVALS, VendorCity } from './vendor-city.ts';

describe('hand-over', () => {
  it('gives the manager the envelope and the psk of the device', async () => {
    await using city = await VendorCity.start();
    const [document] = await make(city, 'prime-1');
    const { assignment } = await city.northlight.contracts.readDevice('prime-1');
    const handOver = await requestHandOver(city.party, {
      device: 'prime-1',
      serial: 0,
      digest: bytes(assignment!.digest),
    });
    const { payload } = decodeSigned(bytes(document!.assignment));
    expect(handOver).toEqual({
      envelope: bytes(document!.assignment),
      psk: pskOf(bytes(document!.kv), payload),
      ...INTERVALS,
      formerKids: [],
    });
  });

  it('refuses a device or a serial that it does not know', async () => {
    await using city = await VendorCity.start();
    await make(city, 'prime-1');
    const ask = (device: string, serial: number): Promise<unknown> =>
      requestHandOver(city.party, { device, serial, digest: new Uint8Array(32) });
    expect(await refusal(ask('prime-9', 0))).toBe('404 DEVICE_UNKNOWN');
    expect(await refusal(ask('prime-1', 1))).toBe('404 ASSIGNMENT_UNKNOWN');
  });

  it('opens for nobody else', async () => {
    await using city = await VendorCity.start();
    await make(city, 'prime-1');
    const { assignment } = await city.northlight.contracts.readDevice('prime-1');
    const question = { device: 'prime-1', serial: 0, digest: bytes(assignment!.digest) };
    const thief = { ...city.party, sealingSecretKey: HELIOS.secret };
    expect(await codeOf(() => requestHandOver(thief, question))).toBe('EXCHANGE_UNSEALING_FAILED');
  });
});

describe('firmware', () => {
  const image = { sha256: digest(IMAGE), size: IMAGE.length };

  it('is served whole to a manager', async () => {
    await using city = await VendorCity.start();
    await make(city, 'prime-1');
    expect(await requestImage(city.party, image)).toEqual(IMAGE);
  });

  it.each([
    ['bytes=0-99', 0, 100],
    ['bytes=39990-', 39_990, 40_000],
    ['bytes=39990-99999', 39_990, 40_000],
    ['bytes=-5', 39_995, 40_000],
    ['bytes=-99999', 0, 40_000],
  ])('is served in parts: %s', async (range, from, to) => {
    await using city = await VendorCity.start();
    await make(city, 'prime-1');
    const response = await fetchPart(city, range);
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/40000`);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(IMAGE.subarray(from, to));
  });

  it.each(['bytes=40000-', 'bytes=5-4', 'bytes=-0'])('refuses the range %s', async (range) => {
    await using city = await VendorCity.start();
    await make(city, 'prime-1');
    const response = await fetchPart(city, range);
    expect(response.status).toBe(416);
    expect(await response.json()).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE' });
  });

  it.each([
    ['no ticket', (): Record<string, string> => ({}), '401 NOT_AUTHORISED'],
    ['another scheme', () => ({ authorization: 'Bearer 00' }), '400 EXCHANGE_MALFORMED'],
    [
      'another key',
      () => ({ authorization: ticket({}, HELIOS.secret) }),
      '401 EXCHANGE_BAD_SIGNATURE',
    ],
    [
      'another path',
      () => ({ authorization: ticket({ path: '/v1/firmware/00' }) }),
      '403 EXCHANGE_MISMATCH',
    ],
    [
      'another vendor',
      () => ({ authorization: ticket({ vendor: 'helios' }) }),
      '403 EXCHANGE_WRONG_RECIPIENT',
    ],
    ['an old ticket', () => ({ authorization: ticket({ time: 1_000 }) }), '401 EXCHANGE_STALE'],
    [
      'an unknown manager',
      () => ({ authorization: ticket({ party: 'nobody' }) }),
      '401 NOT_AUTHORISED',
    ],
  ])('is refused with %s', async (_, headers, expected) => {
    await using city = await VendorCity.start();
    await make(city, 'prime-1');
    const url = city.northlight.url + IMAGE_PATH;
    expect(await refusal(fetchBounded(url, { headers: headers(), limitBytes: 99_999 }))).toBe(
      expected,
    );
  });

  it('is refused when the ticket is shown again', async () => {
    await using city = await VendorCity.start();
    await make(city, 'prime-1');
    const url = city.northlight.url + IMAGE_PATH;
    const options = { headers: { authorization: ticket({}) }, limitBytes: 99_999 };
    await fetchBounded(url, options);
    expect(await refusal(fetchBounded(url, options))).toBe('401 EXCHANGE_REPLAYED');
  });

  it('is refused when unknown', async () => {
    await using city = await VendorCity.start();
    const absent = { sha256: new Uint8Array(32), size: 5 };
    expect(await refusal(requestImage(city.party, absent))).toBe('404 IMAGE_NOT_FOUND');
  });

  it.each([
    [
      'with one bit flipped',
      (stored: Buffer) => Buffer.from(stored.map((byte, at) => (at === 77 ? byte ^ 1 : byte))),
    ],
    ['cut short', (stored: Buffer) => stored.subarray(0, -1)],
    ['too long', (stored: Buffer) => Buffer.concat([stored, Buffer.alloc(1)])],
  ])('is not served %s on disk', async (_, damage) => {
    await using city = await VendorCity.start();
    const { path: file } = await city.northlight.addImage(IMAGE);
    await writeFile(file, damage(await readFile(file)));
    expect(await refusal(requestImage(city.party, image))).toBe('500 IMAGE_CORRUPT');
  });
});

describe('update requests', () => {
  const running = { device: 'prime-1', model: 'prime', gen: 1, seq: 1, sha256: digest(IMAGE) };

  it('are answered "current" while there is no newer approved release', async () => {
    await using city = await VendorCity.start();
    await make(city, 'prime-1');
    expect(await requestUpdate(city.party, running)).toEqual({ type: 'current' });
    const { id } = await city.northlight.publish({ model: 'prime', ...NEXT });
    expect(await requestUpdate(city.party, running)).toEqual({ type: 'current' });
    await city.helios.approve(id);
    expect(await requestUpdate(city.party, { ...running, seq: 2 })).toEqual({ type: 'current' });
    expect(await requestUpdate(city.party, { ...running, gen: 2, seq: 0 })).toEqual({
      type: 'current',
    });
  });

  it('are answered with the newer approved release, signed by the vendor', async () => {
    await using city = await VendorCity.start();
    await make(city, 'prime-1');
    const id = await releaseFor(city, 'prime');
    const answer = await requestUpdate(city.party, running);
    if (answer.type !== 'release') throw new Error('expected a release');
    expect(Buffer.from(answer.release).toString('hex')).toBe(id);
    const trust = { kind: 'signature' as const, threshold: 1, keys: [city.party.vendorKey] };
    expect(decodeManifest(openEnvelope('release', answer.envelope, trust))).toMatchObject({
      seq: 2,
    });
  });

  it.each([
    ['an unknown device', { device: 'prime-9' }, '404 DEVICE_NOT_FOUND'],
    ["a model that is not the device's", { model: 'mote' }, '403 DEVICE_NOT_MANAGED'],
  ])('are refused for %s', async (_, change, expected) => {
    await using city = await VendorCity.start();
    await make(city, 'prime-1');
    expect(await refusal(requestUpdate(city.party, { ...running, ...change }))).toBe(expected);
  });

  it('are refused from a manager that does not manage the device, or is not on the ledger', async () => {
    await using city = await VendorCity.start();
    await make(city, 'prime-1');
    const { contracts } = city.northlight;
    const record = await contracts.readManagementNode('gateway-north');
    const { certificate, signatureKey, sealingKey, treeKey, endpoints, url } = record;
    await contracts.registerManagementNode({
      id: 'gateway-south',
      certificate,
      signatureKey,
      sealingKey,
      treeKey,
      endpoints,
      url,
    });
    const other = { ...city.party, manager: 'gateway-south' };
    expect(await refusal(requestUpdate(other, running))).toBe('403 DEVICE_NOT_MANAGED');
    const nobody = { ...city.party, manager: 'nobody' };
    expect(await refusal(requestUpdate(nobody, running))).toBe('401 NOT_AUTHORISED');
  });

  it('are refused under another key, or too large', async () => {
    await using city = await VendorCity.start();
    await make(city, 'prime-1');
    const thief = { ...city.party, signatureKey: HELIOS.secret };
    expect(await refusal(requestUpdate(thief, running))).toBe('401 EXCHANGE_BAD_SIGNATURE');
    const url = `${city.northlight.url}/v1/update-requests`;
    expect(await refusal(fetchBounded(url, { body: new Uint8Array(4_097), limitBytes: 9 }))).toBe(
      '413 BODY_TOO_LARGE',
    );
    expect(await refusal(fetchBounded(url, { body: new Uint8Array(4_096), limitBytes: 9 }))).toBe(
      '400 EXCHANGE_MALFORMED',
    );
  });
});
