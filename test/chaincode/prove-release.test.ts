import type { Manifest } from '@lamplighter/sdk/wire';
import type { ReleaseProofStatement, ReleaseRecord } from '../../chaincode/src/records.ts';
import type { ValidatorHeadRecord } from '../../chaincode/src/stake/records.ts';
import { aManifest, City } from './city.ts';
import { codeOf, FIRST_SECOND, type Execution } from './memory-ledger.ts';

const CHALLENGE = 'c4'.repeat(32);

async function release(city: City, seq: number, change: Partial<Manifest> = {}): Promise<string> {
  return city.publish(aManifest('northlight', 'prime', { seq, version: `7.${seq}.0`, ...change }));
}

const prove = (city: City, model = 'prime'): Promise<ReleaseProofStatement> =>
  city.ask('Firmware:ProveRelease', model, CHALLENGE);

function execute(city: City, options: { time: number; clock?: number }): Promise<Execution> {
  const args = ['Firmware:ProveRelease', 'prime', CHALLENGE];
  return city.ledger.execute(city.people.meridian.vendor, args, options);
}

describe('ProveRelease', () => {
  it('answers the statement, byte for byte', async () => {
    const city = await City.founded();
    const id = await release(city, 2);
    await city.approve(id);
    const head = await city.ask<ValidatorHeadRecord>('Stake:Validators');
    const time = FIRST_SECOND + 500;
    const { payload, writes, queries } = await execute(city, { time });
    expect(payload).toBe(
      `{"challenge":"${CHALLENGE}","channel":"city","docType":"releaseProof","epoch":${head.epoch},` +
        `"gen":1,"manifest":"${id}","model":"prime","schema":1,"seq":2,"time":${time},` +
        `"validators":"${head.digest}"}`,
    );
    expect([writes, queries]).toEqual([[], []]);
  });

  it('reads three small keys, however many releases there are', async () => {
    const city = await City.founded();
    for (let seq = 2; seq < 12; seq++) await city.approve(await release(city, seq));
    const { reads } = await execute(city, { time: FIRST_SECOND });
    expect(reads).toEqual(['model:prime', 'approved:prime', 'stake:validators']);
  });

  it('names nothing before a release is approved', async () => {
    const city = await City.founded();
    const none = { gen: 0, seq: 0, manifest: '' };
    expect(await prove(city)).toMatchObject(none);
    await release(city, 2);
    expect(await prove(city)).toMatchObject(none);
  });

  it('names the highest approved one, in whatever order they were approved', async () => {
    const city = await City.founded();
    const ids = [await release(city, 2), await release(city, 3), await release(city, 4)];
    const [two = '', three = '', four = ''] = ids;
    await city.approve(three);
    expect(await prove(city)).toMatchObject({ seq: 3, manifest: three });
    await city.approve(two);
    expect(await prove(city)).toMatchObject({ seq: 3, manifest: three });
    await city.approve(four);
    expect(await prove(city)).toMatchObject({ seq: 4, manifest: four });
  });

  it('puts the generation before the sequence number', async () => {
    const city = await City.founded();
    await city.approve(await release(city, 900));
    const next = await release(city, 3, { gen: 2 });
    await city.approve(next);
    expect(await prove(city)).toMatchObject({ gen: 2, seq: 3, manifest: next });
  });

  it('goes back to the one before when the latest is withdrawn', async () => {
    const city = await City.founded();
    const two = await release(city, 2);
    const three = await release(city, 3);
    await city.approve(two);
    await city.approve(three);
    const { vendor } = city.people.northlight;
    await city.ledger.submit(vendor, 'Firmware:WithdrawRelease', [three, 'bad']);
    expect(await prove(city)).toMatchObject({ seq: 2, manifest: two });
    expect(await city.ask<ReleaseRecord>('Firmware:LatestRelease', 'prime')).toMatchObject({
      id: two,
    });
    await city.ledger.submit(vendor, 'Firmware:WithdrawRelease', [two, 'bad']);
    expect(await prove(city)).toMatchObject({ gen: 0, seq: 0, manifest: '' });
  });

  it('never names one that was withdrawn before it was approved', async () => {
    const city = await City.founded();
    const two = await release(city, 2);
    const { vendor } = city.people.northlight;
    await city.ledger.submit(vendor, 'Firmware:WithdrawRelease', [two, 'bad']);
    expect(await codeOf(city.approve(two))).toBe('RELEASE_WITHDRAWN');
    expect(await prove(city)).toMatchObject({ manifest: '' });
  });

  it('names one that has expired: that is for the device to see', async () => {
    const city = await City.founded();
    const old = await release(city, 2, { expiry: 1 });
    await city.approve(old);
    expect(await prove(city)).toMatchObject({ manifest: old });
  });

  it('keeps the newest 64', async () => {
    const city = await City.founded();
    for (let seq = 2; seq < 70; seq++) await city.approve(await release(city, seq));
    const stored = Buffer.from(city.ledger.state.get('approved:prime') ?? []).toString();
    const { releases } = JSON.parse(stored) as { releases: { sequence: number }[] };
    expect(releases.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 64 }, (_, index) => 69 - index),
    );
  });

  it('is signed by nobody whose clock is far from the time it tells', async () => {
    const city = await City.founded();
    const time = FIRST_SECOND + 1000;
    const at = (clock: number): Promise<Execution> => execute(city, { time, clock });
    const refused = { message: expect.stringMatching(/^TIME_REFUSED: /) as string };
    expect(await at(time - 301)).toMatchObject(refused);
    expect(await at(time + 301)).toMatchObject(refused);
    expect(await at(time - 299)).toMatchObject({ status: 200 });
  });

  it.each([
    ['an unknown model', 'other', CHALLENGE, 'MODEL_NOT_FOUND'],
    ['no challenge', 'prime', '', 'ARGUMENT_INVALID'],
    ['a challenge of 31 bytes', 'prime', 'c4'.repeat(31), 'ARGUMENT_INVALID'],
    ['a challenge in capitals', 'prime', 'C4'.repeat(32), 'ARGUMENT_INVALID'],
    ['a model that is no id', 'a"b', CHALLENGE, 'ARGUMENT_INVALID'],
  ])('refuses %s', async (_, model, challenge, code) => {
    const city = await City.founded();
    expect(await codeOf(city.ask('Firmware:ProveRelease', model, challenge))).toBe(code);
  });

  it('has no statement before there is a validator set', async () => {
    const city = await City.founded();
    city.ledger.state.delete('stake:validators');
    expect(await codeOf(prove(city))).toBe('VALIDATORS_NOT_FOUND');
  });

  it('takes no transient data', async () => {
    const city = await City.founded();
    const args = ['Firmware:ProveRelease', 'prime', CHALLENGE];
    const transient = new Map([['a', new Uint8Array(1)]]);
    const { message } = await city.ledger.execute(city.people.meridian.vendor, args, { transient });
    expect(message).toMatch(/^TRANSIENT_DATA_REFUSED: /);
  });
});
