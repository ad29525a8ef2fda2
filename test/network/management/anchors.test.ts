import { randomBytes } from 'node:crypto';
import { chainContext, chainValue, ed25519PublicKey, suiteOf } from '@lamplighter/sdk/crypto';
import { signAnchorRequest, type AnchorRequest } from '../../../network/src/exchange/index.ts';
import { chainSeed } from '../../../network/src/management/anchors.ts';
import { requestAnchors } from '../../../network/src/exchange/index.ts';
import { MANAGER, TestCity } from './support/test-city.ts';
import { VENDOR } from './support/test-vendor.ts';

describe('chain anchors over HTTP', () => {
  let city: TestCity;
  let url: string;
  beforeEach(async () => {
    city = await TestCity.start();
    url = `http://127.0.0.1:${String(city.node.port)}`;
  });
  afterEach(async () => {
    await city.close();
  });

  function body(change: Partial<AnchorRequest> = {}, key = city.vendor.seed): Uint8Array {
    const request = {
      vendor: VENDOR,
      manager: MANAGER,
      items: [{ device: 'sensor-1', epoch: 1, suite: 0x0103 }],
      nonce: new Uint8Array(randomBytes(16)),
      time: Math.floor(city.clock.date().getTime() / 1_000),
      ...change,
    };
    return signAnchorRequest(request, key);
  }

  async function post(bytes: Uint8Array | string, path = '/v1/anchors', method = 'POST') {
    const content = method === 'GET' ? {} : { body: bytes as BodyInit };
    const response = await fetch(url + path, { method, ...content });
    const type = response.headers.get('content-type');
    if (type !== 'application/problem+json') return { status: response.status, code: '' };
    const problem = (await response.json()) as { code: string; status: number };
    expect(problem.status).toBe(response.status);
    return { status: response.status, code: problem.code };
  }

  it('lead to the seeds that the node makes again later', async () => {
    const party = {
      vendor: VENDOR,
      releaseKey: city.vendor.seed,
      manager: MANAGER,
      managerKey: ed25519PublicKey(city.options.keys.signature),
      url,
    };
    const items = [
      { device: 'sensor-1', epoch: 1, suite: 0x0103 },
      { device: 'sensor-1', epoch: 2, suite: 0x0103 },
      { device: 'sensor-2', epoch: 1, suite: 0x0103 },
    ];
    const anchors = await requestAnchors(party, items);
    expect(new Set(anchors.map(({ anchor }) => Buffer.from(anchor).toString('hex'))).size).toBe(3);
    const { device, epoch } = items[1]!;
    const seed = chainSeed(city.options.keys.chainMaster, device, epoch);
    const chain = { seed, length: anchors[1]!.length };
    const context = chainContext(MANAGER, device, epoch);
    expect(chainValue(suiteOf(0x0103), context, chain, 0)).toEqual(anchors[1]!.anchor);
  });

  it('are refused to a wrong key, an unknown vendor, another node, a stale time, a replay', async () => {
    expect(await post(body({}, new Uint8Array(32).fill(1)))).toEqual({
      status: 401,
      code: 'EXCHANGE_BAD_SIGNATURE',
    });
    expect(await post(body({ vendor: 'unknown' }))).toEqual({
      status: 401,
      code: 'VENDOR_NOT_FOUND',
    });
    expect(await post(body({ manager: 'other' }))).toMatchObject({
      code: 'EXCHANGE_WRONG_RECIPIENT',
    });
    expect(await post(body({ time: 1_000 }))).toMatchObject({ code: 'EXCHANGE_STALE' });
    const once = body();
    expect((await post(once)).status).toBe(200);
    expect(await post(once)).toEqual({ status: 409, code: 'EXCHANGE_REPLAYED' });
  });

  it('are refused to what is no request', async () => {
    expect(await post('nonsense')).toEqual({ status: 400, code: 'EXCHANGE_MALFORMED' });
    expect(await post(new Uint8Array(65_537))).toEqual({ status: 413, code: 'BODY_TOO_LARGE' });
    expect(await post('', '/v1/anchors', 'GET')).toMatchObject({ status: 405 });
    expect(await post('', '/elsewhere')).toMatchObject({ status: 404, code: 'NOT_FOUND' });
  });
});
