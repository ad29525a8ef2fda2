import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { openEnvelope } from '@lamplighter/sdk/crypto';
import { decodeAssignment } from '@lamplighter/sdk/wire';

import { retire, suspend, transfer } from '../../../network/src/operator/commands/device.ts';
import { takeOver } from '../../../network/src/operator/commands/gateway.ts';
import {
  type OperatorEntry,
  writeOperatorFile,
} from '../../../network/src/operator/operator-file.ts';
import { codeOf } from '../code-of.ts';
import { GATEWAY } from '../exchange/parties.ts';
import { bytes, make } from './orders.ts';
import { VendorCity } from './vendor-city.ts';

/** With a second manager, that stands by for the first. */
async function startCity(): Promise<VendorCity> {
  const city = await VendorCity.start({ managers: ['gateway-north', 'gateway-south', 'planned'] });
  await city.northlight.contracts.registerManagementNode({
    id: 'gateway-south',
    certificate: city.people.helios.manager.digest,
    signatureKey: Buffer.from(GATEWAY.public).toString('hex'),
    sealingKey: Buffer.from(city.sealing.publicKey).toString('hex'),
    treeKey: '',
    endpoints: ['ws://127.0.0.1:9200/v1/device', 'ws://127.0.0.1:9201/v1/device'],
    url: 'http://127.0.0.1:1',
  });
  return city;
}

describe('an assignment', () => {
  it('names its manager first, then who stands by and is on the ledger', async () => {
    await using city = await startCity();
    const [document] = await make(city, 'prime-1');
    const keys = [bytes(document!.vendorKey!)];
    const trust = { kind: 'signature' as const, threshold: 1, keys };
    const payload = openEnvelope('assignment', bytes(document!.assignment), trust);
    expect(decodeAssignment(payload).endpoints).toEqual([
      'ws://127.0.0.1:9100/v1/device',
      'ws://127.0.0.1:9200/v1/device',
    ]);
  });
});

describe('care of devices', () => {
  it('suspends, lifts that by a transfer, and retires for good', async () => {
    await using city = await startCity();
    const { northlight } = city;
    await make(city, 'prime-1');
    const record = (): ReturnType<typeof northlight.contracts.readDevice> =>
      northlight.contracts.readDevice('prime-1');
    await northlight.suspend('prime-1', 'opened by a stranger');
    expect(await record()).toMatchObject({ state: 'suspended', reason: 'opened by a stranger' });
    expect(await codeOf(() => northlight.suspend('prime-1', 'again'))).toBe('DEVICE_SUSPENDED');
    expect(await northlight.transfer(['prime-1'], 'gateway-south')).toEqual(new Map());
    expect(await record()).toMatchObject({
      state: 'assigned',
      assignment: { manager: 'gateway-south', serial: 1 },
    });
    await northlight.retire('prime-1');
    expect(await record()).toMatchObject({ state: 'retired', assignment: { serial: 2, epoch: 3 } });
    // Again is harmless, and nothing else follows.
    await northlight.retire('prime-1');
    expect(await codeOf(() => northlight.transfer(['prime-1'], 'gateway-north'))).toBe(
      'DEVICE_RETIRED',
    );
    expect(await codeOf(() => northlight.suspend('prime-1', 'x'))).toBe('DEVICE_RETIRED');
  });

  it('keeps two orders for one device apart', async () => {
    await using city = await startCity();
    await make(city, 'prime-1');
    const both = await Promise.all([
      city.northlight.transfer(['prime-1'], 'gateway-south'),
      city.northlight.transfer(['prime-1'], 'gateway-north'),
    ]);
    expect(both).toEqual([new Map(), new Map()]);
    const { assignment } = await city.northlight.contracts.readDevice('prime-1');
    expect(assignment).toMatchObject({ manager: 'gateway-north', serial: 2, epoch: 3 });
  });

  it('tells what it cannot do', async () => {
    await using city = await startCity();
    const { northlight } = city;
    await make(city, 'prime-1', 'mote-1');
    const unknown = ['DEVICE_UNKNOWN', 'DEVICE_UNKNOWN', 'DEVICE_UNKNOWN'];
    const calls = [
      codeOf(() => northlight.transfer(['prime-9'], 'gateway-south')),
      codeOf(() => northlight.suspend('prime-9', 'x')),
      codeOf(() => northlight.retire('prime-9')),
    ];
    expect(await Promise.all(calls)).toEqual(unknown);
    const nobody = await northlight.transfer(['prime-1'], 'nobody');
    expect(nobody.get('prime-1')).toMatchObject({ code: 'MANAGER_NOT_FOUND' });
    // Its anchors are asked of a manager that does not answer; the device stays where it is.
    const away = await northlight.transfer(['mote-1'], 'gateway-south');
    expect(away.get('mote-1')).toMatchObject({ code: 'FETCH_UNAVAILABLE' });
    const { assignment } = await northlight.contracts.readDevice('mote-1');
    expect(assignment).toMatchObject({ manager: 'gateway-north', serial: 0 });
  });

  it('takes over by force, but for suspended devices and those that fail', async () => {
    await using city = await startCity();
    const { northlight } = city;
    await make(city, 'prime-1', 'prime-2', 'mote-1');
    await northlight.suspend('prime-2', 'x');
    expect(await codeOf(() => northlight.takeOver('gateway-north'))).toBe('MANAGER_NOT_OVERDUE');
    const same = { to: 'gateway-north', force: true };
    expect(await codeOf(() => northlight.takeOver('gateway-north', same))).toBe(
      'REQUEST_MALFORMED',
    );
    const done = await northlight.takeOver('gateway-north', { force: true });
    expect(done).toMatchObject({
      to: 'gateway-south',
      transferred: ['prime-1'],
      suspended: ['prime-2'],
      failed: [{ device: 'mote-1' }],
    });
    expect(done.failed[0]!.reason).toMatch(/^FETCH_UNAVAILABLE: /);
  });
});

describe('the command line', () => {
  let directory: string;
  let printed: string[];
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'operator-'));
    await writeFile(path.join(directory, 'city.lock'), String(process.pid));
    printed = [];
    const print = (text: string | Uint8Array): boolean => printed.push(String(text)) > 0;
    jest.spyOn(process.stdout, 'write').mockImplementation(print);
    jest.spyOn(process.stderr, 'write').mockImplementation(print);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    process.exitCode = 0;
    await rm(directory, { recursive: true });
  });

  /** Helios is asked first, and made none of the devices. */
  function reach({ northlight, helios }: VendorCity): void {
    const entry = ({ id: vendor, url, tokenFile }: typeof helios): OperatorEntry => ({
      vendor,
      mspId: vendor === 'helios' ? 'HeliosMSP' : 'NorthlightMSP',
      models: [],
      url,
      tokenFile,
    });
    writeOperatorFile(directory, [entry(helios), entry(northlight)]);
  }

  it('transfers, suspends and retires by the vendor that made the device', async () => {
    await using city = await startCity();
    await make(city, 'prime-1');
    reach(city);
    await transfer('prime-1', { directory, to: 'gateway-south' });
    await suspend('prime-1', { directory, reason: 'stolen' });
    await retire('prime-1', { directory });
    expect(printed.join('')).toMatch(/gateway-south.*suspended.*retired/s);
    const history = await city.northlight.contracts.deviceHistory('prime-1');
    expect(history.map(({ value }) => value?.state).slice(0, 3)).toEqual([
      'retired',
      'suspended',
      'assigned',
    ]);
  });

  it('takes over where a vendor has devices', async () => {
    await using city = await startCity();
    await make(city, 'prime-1', 'mote-1');
    reach(city);
    await takeOver('gateway-north', { directory, to: 'gateway-south', force: true });
    expect(printed.join('')).toMatch(/northlight: 1 devices assigned to gateway-south/);
    expect(printed.join('')).toMatch(/northlight: mote-1 stays: FETCH_UNAVAILABLE/);
    expect(process.exitCode).toBe(1);
    const refused = takeOver('gateway-north', { directory, to: 'gateway-south', force: false });
    await expect(refused).rejects.toMatchObject({ code: 'REQUEST_REFUSED' });
  });

  it('says why not', async () => {
    await using city = await startCity();
    await make(city, 'prime-1');
    const flags = { directory, to: 'nobody' };
    expect(await codeOf(() => transfer('prime-1', flags))).toBe('CITY_NOT_RUNNING');
    reach(city);
    expect(await codeOf(() => transfer('prime-9', flags))).toBe('OPTION_INVALID');
    expect(await codeOf(() => transfer('../x', flags))).toBe('OPTION_INVALID');
    await expect(transfer('prime-1', flags)).rejects.toThrow(
      /northlight refused: MANAGER_NOT_FOUND/,
    );
    await expect(suspend('prime-1', { directory, reason: 'ü' })).rejects.toThrow(/"reason"/);
    const token = await readFile(city.northlight.tokenFile, 'utf8');
    expect(printed.join('')).not.toContain(token.trim());
  });
});
