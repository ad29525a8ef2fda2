import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { requestHandOver, requestImage } from '../../../network/src/exchange/index.ts';
import { LedgerError, type Ledger } from '../../../network/src/ledger/index.ts';
import { resume } from '../../../network/src/vendor/resumption.ts';
import { silentLogger } from '../../../network/src/vendor/logger.ts';
import { VendorNode } from '../../../network/src/vendor/index.ts';
import { codeOf } from '../code-of.ts';
import { contractLedger } from '../contract-ledger.ts';
import { bytes, digest, make, NEXT, NEXT_IMAGE, orderFor } from './orders.ts';
import { VendorCity } from './vendor-city.ts';

/** A ledger of which nobody hears the end of one transaction, which is or is not done. */
function breaking(ledger: Ledger, transaction: string, done: boolean): Ledger {
  return {
    ...ledger,
    submit: async (name, args, options) => {
      if (name !== transaction) return ledger.submit(name, args, options);
      if (done) await ledger.submit(name, args, options);
      throw new LedgerError('TIMEOUT', 'nobody answered', { maybeOrdered: true });
    },
  };
}

/** Northlight's node anew on its directory. */
async function again(city: VendorCity, ledger?: Ledger): Promise<VendorNode> {
  await city.northlight.close();
  return VendorNode.start({
    id: 'northlight',
    directory: path.join(city.directory, 'northlight'),
    ledger: ledger ?? contractLedger(city.memory, city.people.northlight.administrator),
    managers: ['gateway-north'],
  });
}

const CASES = [
  ['DeviceRegistry:RegisterDevices', false],
  ['DeviceRegistry:RegisterDevices', true],
  ['DeviceRegistry:AssignDevice', false],
  ['DeviceRegistry:AssignDevice', true],
] as const;

describe('devices that were broken off', () => {
  it.each(CASES)('at %s (done: %j) are finished at the next start', async (transaction, done) => {
    await using city = await VendorCity.start();
    await using first = await again(city, breaking(city.ledger, transaction, done));
    const orders = [
      await orderFor(first, 'prime-1', 'prime'),
      await orderFor(first, 'mote-1', 'mote'),
    ];
    expect(await codeOf(() => first.manufacture(orders))).toBe('TIMEOUT');
    await first.close();
    await using second = await again(city);
    await second.resumed();
    const documents = await second.documents(['prime-1', 'mote-1']);
    for (const { device, kv_n, assignment } of documents) {
      const record = await second.contracts.readDevice(device);
      expect(record).toMatchObject({ state: 'assigned', assignment: { serial: 0, epoch: 1 } });
      expect(kv_n).toBe(0);
      // What the device is given is what the ledger and the manager have.
      const party = { ...city.party, url: second.url };
      const reference = { device, serial: 0, digest: bytes(record.assignment!.digest) };
      const { envelope } = await requestHandOver(party, reference);
      expect(Buffer.from(envelope).toString('hex')).toBe(assignment);
    }
    const history = await second.contracts.deviceHistory('prime-1');
    expect(history.map(({ value }) => value?.state)).toEqual(['assigned', 'registered']);
  });

  it.each([true, false])(
    'by a crash in a transfer (done: %j) have one assignment',
    async (done) => {
      await using city = await VendorCity.start();
      await make(city, 'prime-1');
      const ledger = breaking(city.ledger, 'DeviceRegistry:AssignDevice', done);
      await using first = await again(city, ledger);
      const failures = await first.transfer(['prime-1'], 'gateway-north');
      expect(failures.get('prime-1')).toMatchObject({ code: 'TIMEOUT' });
      await using second = await again(city);
      await first.close();
      await second.resumed();
      const { assignment } = await second.contracts.readDevice('prime-1');
      expect(assignment).toMatchObject({ serial: 1, epoch: 2 });
      const party = { ...city.party, url: second.url };
      const question = { device: 'prime-1', serial: 1, digest: bytes(assignment!.digest) };
      expect((await requestHandOver(party, question)).psk).toHaveLength(32);
    },
  );

  it('by a ledger that is away keep the assignment they have', async () => {
    await using city = await VendorCity.start();
    await make(city, 'prime-1');
    city.ledger.failures.push(new LedgerError('UNAVAILABLE', 'no orderer'));
    const failures = await city.northlight.transfer(['prime-1'], 'gateway-north');
    expect(failures.get('prime-1')).toMatchObject({ code: 'UNAVAILABLE' });
    const { assignment } = await city.northlight.contracts.readDevice('prime-1');
    const question = { device: 'prime-1', serial: 0, digest: bytes(assignment!.digest) };
    expect((await requestHandOver(city.party, question)).fti).toBe(10);
    // The one that was signed is sent when the operator asks again.
    expect(await city.northlight.transfer(['prime-1'], 'gateway-north')).toEqual(new Map());
    expect((await city.northlight.contracts.readDevice('prime-1')).assignment?.serial).toBe(1);
  });

  it('and then refused by the ledger are forgotten', async () => {
    await using city = await VendorCity.start();
    const ledger = breaking(city.ledger, 'DeviceRegistry:RegisterDevices', false);
    await using first = await again(city, ledger);
    const order = await orderFor(first, 'prime-1', 'prime');
    expect(await codeOf(() => first.manufacture([order]))).toBe('TIMEOUT');
    await first.close();
    const refusing = contractLedger(city.memory, city.people.northlight.administrator);
    refusing.failures.push(new LedgerError('CALLER_NOT_ALLOWED', 'no'));
    await using second = await again(city, refusing);
    await second.resumed();
    expect(second.devices).toBe(0);
  });
});

describe('a release that was broken off', () => {
  it.each([true, false])('at the ledger (done: %j) is finished', async (done) => {
    await using city = await VendorCity.start();
    await using first = await again(city, breaking(city.ledger, 'Firmware:PublishRelease', done));
    expect(await codeOf(() => first.publish({ model: 'prime', ...NEXT }))).toBe('TIMEOUT');
    await first.close();
    await using second = await again(city);
    await second.resumed();
    const { items } = await second.contracts.releasesOf('prime');
    expect(items).toMatchObject([{ state: 'published', firmware: { sequence: 2 } }]);
    // Its downloads are recorded.
    await city.helios.contracts.approveRelease(items[0]!.id);
    const party = { ...city.party, url: second.url };
    await requestImage(party, { sha256: digest(NEXT_IMAGE), size: NEXT_IMAGE.length });
    await second.close();
    const recorded = await second.contracts.transmissionHistory(items[0]!.id);
    expect(recorded.items).toHaveLength(1);
  });

  it('is rolled back when its image is lost', async () => {
    await using city = await VendorCity.start();
    await using first = await again(city, breaking(city.ledger, 'Firmware:PublishRelease', false));
    expect(await codeOf(() => first.publish({ model: 'prime', ...NEXT }))).toBe('TIMEOUT');
    await first.close();
    const name = Buffer.from(digest(NEXT_IMAGE)).toString('hex');
    await rm(path.join(city.directory, 'northlight', 'firmware', name));
    await using second = await again(city);
    await second.resumed();
    expect((await second.contracts.releasesOf('prime')).items).toEqual([]);
    expect((await second.publish({ model: 'prime', ...NEXT })).id).toHaveLength(64);
  });

  it('is rolled back at once when nothing was ordered', async () => {
    await using city = await VendorCity.start();
    city.ledger.failures.push(new LedgerError('UNAVAILABLE', 'no orderer'));
    const publish = (): Promise<unknown> => city.northlight.publish({ model: 'prime', ...NEXT });
    expect(await codeOf(publish)).toBe('UNAVAILABLE');
    await publish();
    const { items } = await city.northlight.contracts.releasesOf('prime');
    expect(items).toHaveLength(1);
  });

  it('leaves no half-written file', async () => {
    await using city = await VendorCity.start();
    await city.northlight.close();
    const directory = path.join(city.directory, 'northlight');
    await writeFile(
      path.join(directory, 'firmware', `${'00'.repeat(32)}.0123456789ab.tmp`),
      'half',
    );
    await writeFile(path.join(directory, 'device-secrets.json.0123456789ab.tmp'), 'half');
    await using _node = await again(city);
    const names = [
      ...(await readdir(directory)),
      ...(await readdir(path.join(directory, 'firmware'))),
    ];
    expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('transmissions that were not recorded', () => {
  it.each([true, false])('(done: %j) are recorded once at the next start', async (done) => {
    await using city = await VendorCity.start();
    await using first = await again(
      city,
      breaking(city.ledger, 'Firmware:RecordTransmission', done),
    );
    const { id } = await first.publish({ model: 'prime', ...NEXT });
    await city.helios.contracts.approveRelease(id);
    const party = { ...city.party, url: first.url };
    await requestImage(party, { sha256: digest(NEXT_IMAGE), size: NEXT_IMAGE.length });
    await first.close();
    // A line that was not written to its end.
    await appendFile(path.join(city.directory, 'northlight', 'transmissions.jsonl'), '{"id":"ha');
    await using second = await again(city);
    await second.flush();
    const { items } = await second.contracts.transmissionHistory(id);
    expect(items).toMatchObject([{ manager: 'gateway-north', bytes: NEXT_IMAGE.length }]);
    await second.close();
    const spool = path.join(city.directory, 'northlight', 'transmissions.jsonl');
    expect(await readFile(spool, 'utf8')).toBe('');
  });

  it.each(['{"id":1}\n', 'null\n', '{\n'])('are not guessed from %j', async (text) => {
    await using city = await VendorCity.start();
    await city.northlight.close();
    await writeFile(path.join(city.directory, 'northlight', 'transmissions.jsonl'), text);
    expect(await codeOf(() => again(city))).toBe('STORE_CORRUPT');
  });
});

describe('resuming', () => {
  it('goes on until nothing is left, over errors of any kind', async () => {
    const outcomes: (ReadonlyMap<string, unknown> | Error)[] = [
      new Error('ledger away'),
      new Map([['prime-1', new Error('manager away')]]),
      new Map(),
    ];
    const warnings: object[] = [];
    const logger = { ...silentLogger, warn: (facts: object) => warnings.push(facts) };
    const work = async (): Promise<ReadonlyMap<string, unknown>> => {
      const outcome = await Promise.resolve(outcomes.shift());
      if (outcome instanceof Map) return outcome;
      throw outcome as Error;
    };
    await resume({ work, signal: new AbortController().signal, logger, delayMs: 1 });
    expect(outcomes).toEqual([]);
    expect(warnings).toHaveLength(2);
  });

  it('ends with its signal, also while it waits', async () => {
    const stop = new AbortController();
    const work = (): Promise<never> => {
      setImmediate(() => {
        stop.abort();
      });
      return Promise.reject(new Error('away'));
    };
    await resume({ work, signal: stop.signal, logger: silentLogger, delayMs: 60_000 });
    expect(stop.signal.aborted).toBe(true);
  });
});
