import type { ReleaseRecord } from '@lamplighter/chaincode';

import type { ManagementEvent } from '../../../network/src/management/index.ts';
import { forEver, HostileServer } from '../exchange/hostile-server.ts';
import { TestCity } from './support/test-city.ts';

const IMAGE = new Uint8Array(20_000).fill(9);
const MINUTE = 60_000;

describe('a release whose URL is hostile', () => {
  let city: TestCity;
  beforeEach(async () => {
    city = await TestCity.start();
  });
  afterEach(async () => {
    await city.close();
  });

  /** Approved, to be fetched from `server`. */
  async function release(server: HostileServer): Promise<ReleaseRecord> {
    const device = await city.device();
    const { model } = city.ledger.devices.get(device.id)!;
    const made = { ...city.vendor.release(IMAGE, { model, seq: 2 }), url: server.url };
    city.approve(made);
    return made;
  }
  const refusals = (): readonly string[] =>
    city.events.flatMap((event: ManagementEvent) =>
      event.type === 'release-refused' ? [event.code] : [],
    );
  /** Lets time pass until `met` is; requests take real time. */
  async function passUntil(met: () => boolean): Promise<void> {
    const end = Date.now() + 20_000;
    while (!met() && Date.now() < end) {
      await city.clock.advance(MINUTE);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(met()).toBe(true);
  }

  it.each<[string, string, HostileServer['answer']]>([
    ['sends for ever', 'FETCH_TOO_LONG', forEver],
    ['sends too little', 'FETCH_TOO_SHORT', (_, response) => response.end(IMAGE.subarray(1))],
    [
      'redirects',
      'FETCH_REDIRECTED',
      (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    ],
    [
      'serves something else',
      'EXCHANGE_DIGEST_MISMATCH',
      (_, response) => response.end(new Uint8Array(IMAGE.length)),
    ],
  ])('and %s is told as %s, asked again, and taken when it is right', async (_, code, answer) => {
    await using server = await HostileServer.start(answer);
    const { id } = await release(server);
    expect(await city.event('release-refused')).toMatchObject({ release: id, device: null, code });
    expect(server.requests).toBe(1);
    await passUntil(() => server.requests >= 2);
    await passUntil(() => refusals().length >= 2);
    expect(new Set(refusals())).toEqual(new Set([code]));
    server.answer = (__, response) => response.end(IMAGE);
    await passUntil(() => city.events.some((event) => event.type === 'release-accepted'));
  });

  it('and refuses, is tried a few times before that is told', async () => {
    await using server = await HostileServer.start((_, response) => response.writeHead(503).end());
    await release(server);
    await passUntil(() => refusals().length >= 1);
    expect(refusals()).toEqual(['FETCH_REFUSED']);
    expect(server.requests).toBe(5);
  });

  it('is not asked again by every device that asks', async () => {
    await using server = await HostileServer.start(forEver);
    const { id, model } = await release(server);
    await city.event('release-refused');
    for (let count = 0; count < 5; count += 1) {
      city.ledger.emit('ReleaseApproved', { release: id, model });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(server.requests).toBe(1);
  });
});
