/** Renewal of chains at the vendor (protocol §3.3). */
import { fetchBounded, requestRenewal } from '../../../network/src/exchange/index.ts';
import { HELIOS } from '../exchange/parties.ts';
import { make, refusal } from './orders.ts';
import { until } from './two-gateways.ts';
import { VendorCity } from './vendor-city.ts';

// The devices' chains and the windows of the desk are real ones.
jest.setTimeout(30_000);

async function serialOf(city: VendorCity, device: string): Promise<number> {
  return (await city.northlight.contracts.readDevice(device)).assignment?.serial ?? -1;
}

async function renewed(city: VendorCity, device: string, serial: number): Promise<void> {
  let seen = -1;
  await until(() => {
    void serialOf(city, device).then((each) => (seen = each));
    return seen >= serial;
  });
}

describe('a renewal', () => {
  it('brings a new assignment to the same manager, with a fresh chain', async () => {
    await using city = await VendorCity.start();
    await make(city, 'mote-1');
    const before = (await city.northlight.contracts.readDevice('mote-1')).assignment!;
    await requestRenewal(city.party, { device: 'mote-1', serial: 0 });
    await renewed(city, 'mote-1', 1);
    const after = (await city.northlight.contracts.readDevice('mote-1')).assignment!;
    expect(after).toMatchObject({ manager: 'gateway-north', serial: 1, epoch: 2 });
    expect(after.digest).not.toBe(before.digest);
    expect(city.anchorRequests()).toBe(2);
  });

  it('is one, however often and by whatever serial it is asked for', async () => {
    let ahead = 0;
    await using city = await VendorCity.start({ now: () => Date.now() + ahead });
    await make(city, 'mote-1');
    const asked = { device: 'mote-1', serial: 0 };
    await Promise.all([1, 2, 3].map(() => requestRenewal(city.party, asked)));
    await renewed(city, 'mote-1', 1);
    // The manager has not heard of it.
    await requestRenewal(city.party, asked);
    const next = { device: 'mote-1', serial: 1 };
    // Until the desk has heard from the ledger, too, it takes one more request for the same.
    let told = '';
    await until(() => {
      void refusal(requestRenewal(city.party, next)).then((each) => (told = each));
      return told === '429 RENEWAL_TOO_OFTEN';
    });
    expect(await serialOf(city, 'mote-1')).toBe(1);
    ahead = 299_000;
    expect(await refusal(requestRenewal(city.party, next))).toBe('429 RENEWAL_TOO_OFTEN');
  });

  it('is for end nodes, too, whose keys failed too often', async () => {
    await using city = await VendorCity.start();
    await make(city, 'prime-1');
    await requestRenewal(city.party, { device: 'prime-1', serial: 0 });
    await renewed(city, 'prime-1', 1);
    expect(await serialOf(city, 'prime-1')).toBe(1);
  });

  it('goes with others in one lot', async () => {
    await using city = await VendorCity.start();
    const ids = Array.from({ length: 20 }, (_, index) => `mote-${index}`);
    await make(city, ...ids);
    const before = city.anchorRequests();
    await Promise.all(ids.map((device) => requestRenewal(city.party, { device, serial: 0 })));
    for (const id of ids) await renewed(city, id, 1);
    expect(city.anchorRequests() - before).toBeLessThanOrEqual(2);
  });

  it.each([
    ['an assignment that there is not yet', { serial: 1 }, '409 RENEWAL_REFUSED'],
    ['a device that is not made here', { device: 'mote-9' }, '404 DEVICE_UNKNOWN'],
  ])('is refused for %s', async (_what, change, expected) => {
    await using city = await VendorCity.start();
    await make(city, 'mote-1', 'prime-1');
    const asked = { device: 'mote-1', serial: 0, ...change };
    expect(await refusal(requestRenewal(city.party, asked))).toBe(expected);
    expect(await serialOf(city, 'mote-1')).toBe(0);
  });

  it('is refused to whoever is not the manager, and while the device is suspended', async () => {
    await using city = await VendorCity.start();
    await make(city, 'mote-1');
    const asked = { device: 'mote-1', serial: 0 };
    const { contracts } = city.northlight;
    const { docType, schema, mspId, time, ...record } =
      await contracts.readManagementNode('gateway-north');
    expect([docType, schema, mspId, typeof time]).toEqual([
      'managementNode',
      1,
      'NorthlightMSP',
      'string',
    ]);
    await contracts.registerManagementNode({ ...record, id: 'gateway-south' });
    const other = { ...city.party, manager: 'gateway-south' };
    expect(await refusal(requestRenewal(other, asked))).toBe('403 DEVICE_NOT_MANAGED');
    const nobody = { ...city.party, manager: 'nobody' };
    expect(await refusal(requestRenewal(nobody, asked))).toBe('401 NOT_AUTHORISED');
    const thief = { ...city.party, signatureKey: HELIOS.secret };
    expect(await refusal(requestRenewal(thief, asked))).toBe('401 EXCHANGE_BAD_SIGNATURE');
    await city.northlight.suspend('mote-1', 'stolen');
    expect(await refusal(requestRenewal(city.party, asked))).toBe('403 DEVICE_NOT_MANAGED');
  });

  it('is refused too large or malformed', async () => {
    await using city = await VendorCity.start();
    const url = `${city.northlight.url}/v1/renewals`;
    const post = (bytes: number): Promise<string> =>
      refusal(fetchBounded(url, { body: new Uint8Array(bytes), limitBytes: 9 }));
    expect(await post(1_025)).toBe('413 BODY_TOO_LARGE');
    expect(await post(1_024)).toBe('400 EXCHANGE_MALFORMED');
  });

  it('that a closing node broke off is had by asking again', async () => {
    await using city = await VendorCity.start();
    await make(city, 'mote-1');
    await requestRenewal(city.party, { device: 'mote-1', serial: 0 });
    await city.northlight.close();
    expect([0, 1]).toContain(await serialOf(city, 'mote-1'));
  });
});
