/** The ledger client against the embedded network and the contracts in their own process, as a city runs them. */
import { connectLedger, Contracts, type Ledger } from '../../../network/src/ledger/index.ts';
import { aDevice, aModel, aVendor } from '../../chaincode/city.ts';
import { codeOf } from '../code-of.ts';
import { TestNetwork } from './test-network.ts';

let city: TestNetwork;
let ledger: Ledger;
let contracts: Contracts;

beforeAll(async () => {
  city = await TestNetwork.start();
  ledger = await city.connect('NorthlightMSP', 'Admin', 'admin');
  contracts = new Contracts(ledger);
  await contracts.registerVendor(aVendor('northlight'));
  await contracts.registerModel(aModel('prime', 'northlight'));
}, 120_000);

afterAll(async () => {
  await city[Symbol.asyncDispose]();
}, 60_000);

jest.setTimeout(60_000);

describe('ledger client on the embedded network', () => {
  it('reads through any organisation what one has written', async () => {
    for (const organisation of ['NorthlightMSP', 'HeliosMSP', 'MeridianMSP']) {
      expect(await contracts.readVendor('northlight', { organisation })).toMatchObject({
        mspId: 'NorthlightMSP',
      });
    }
  });

  it('tells transaction and block of a commit, and the height grows', async () => {
    const before = await ledger.chain();
    const committed = await contracts.registerDevices([aDevice('lamp-1', 'prime')]);
    expect(committed.transactionId).toMatch(/^[0-9a-f]{64}$/);
    expect(committed.blockNumber).toBeGreaterThanOrEqual(before.height);
    expect((await ledger.chain()).height).toBeGreaterThan(before.height);
    // A commit is heard from the own peer; the others come to it at their own pace.
    let after = await ledger.chain({ organisation: 'HeliosMSP' });
    while (after.height <= committed.blockNumber) {
      after = await ledger.chain({ organisation: 'HeliosMSP' });
    }
    expect(after.currentBlockHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("gives a contract's refusal its code, and no transaction to wait for", async () => {
    expect(await codeOf(() => contracts.registerModel(aModel('prime', 'northlight')))).toBe(
      'MODEL_EXISTS',
    );
    expect(await codeOf(() => contracts.readDevice('nope'))).toBe('DEVICE_NOT_FOUND');
    expect(await codeOf(() => ledger.evaluate('DeviceRegistry:Nope', []))).toBe(
      'TRANSACTION_UNKNOWN',
    );
    const helios = new Contracts(await city.connect('HeliosMSP', 'somebody', 'client'));
    expect(await codeOf(() => helios.registerVendor(aVendor('helios')))).toBe('CALLER_NOT_ALLOWED');
  });

  it('tells the validation code of the loser of two conflicting transactions', async () => {
    await contracts.registerDevices([aDevice('lamp-2', 'prime')]);
    const outcomes = await Promise.all(
      ['one', 'two'].map((reason) => codeOf(() => contracts.suspendDevice('lamp-2', reason))),
    );
    expect(outcomes).toContain('none');
    // The loser was endorsed before the winner's block, or after it.
    expect(['MVCC_READ_CONFLICT', 'DEVICE_SUSPENDED']).toContain(
      outcomes.find((code) => code !== 'none'),
    );
  });

  it('prepares without sending, sends the same envelope twice, and commits it once', async () => {
    const devices = JSON.stringify([aDevice('lamp-7', 'prime')]);
    const prepared = await ledger.prepare('DeviceRegistry:RegisterDevices', [devices]);
    expect(await ledger.status(prepared.transactionId)).toBeUndefined();
    expect(await codeOf(() => contracts.readDevice('lamp-7'))).toBe('DEVICE_NOT_FOUND');
    // As after a crash: another client has what was stored, id and envelope, and no more.
    const { transactionId, envelope } = prepared;
    const other = await city.connect('NorthlightMSP', 'Admin', 'admin');
    expect((await other.send({ transactionId, envelope })).code).toBe('VALID');
    expect((await ledger.send({ transactionId, envelope })).code).toBe('DUPLICATE_TXID');
    expect(await ledger.status(transactionId)).toBe('VALID');
    const history = await contracts.deviceHistory('lamp-7');
    expect(history.map((entry) => entry.txId)).toEqual([transactionId]);
  });

  it('tells the code of an invalid transaction by its status, too', async () => {
    await contracts.registerDevices([aDevice('lamp-8', 'prime')]);
    const prepared = await ledger.prepare('DeviceRegistry:SuspendDevice', ['lamp-8', 'one']);
    await contracts.suspendDevice('lamp-8', 'two');
    expect((await ledger.send(prepared)).code).toBe('MVCC_READ_CONFLICT');
    expect(await ledger.status(prepared.transactionId)).toBe('MVCC_READ_CONFLICT');
  });

  it('carries many submits at the same time', async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `many-${index}`);
    await Promise.all(ids.map((id) => contracts.registerDevices([aDevice(id, 'prime')])));
    const read = await Promise.all(ids.map((id) => contracts.readDevice(id)));
    expect(read.map(({ id }) => id)).toEqual(ids);
  });

  it('gives events from a block on, and those that come, each once', async () => {
    await contracts.registerDevices([aDevice('lamp-3', 'prime'), aDevice('lamp-4', 'prime')]);
    const { height } = await ledger.chain();
    await contracts.suspendDevice('lamp-3', 'before');
    const controller = new AbortController();
    const heard: string[] = [];
    for await (const event of ledger.events({ startBlock: height, signal: controller.signal })) {
      const { device } = JSON.parse(Buffer.from(event.payload).toString()) as { device: string };
      heard.push(`${event.name} ${device}`);
      if (heard.length === 1) await contracts.suspendDevice('lamp-4', 'after');
      if (heard.length === 2) controller.abort();
    }
    expect(heard).toEqual(['DeviceSuspended lamp-3', 'DeviceSuspended lamp-4']);
  });

  it('begins with the next block when no start is given', async () => {
    await contracts.registerDevices([aDevice('lamp-5', 'prime')]);
    const controller = new AbortController();
    const events = ledger.events({ signal: controller.signal })[Symbol.asyncIterator]();
    const next = events.next();
    // The first read of the stream fixes its start; the height is asked for before anything else.
    await ledger.chain();
    await contracts.suspendDevice('lamp-5', 'now');
    expect((await next).value).toMatchObject({ name: 'DeviceSuspended' });
    controller.abort();
    expect((await events.next()).done).toBe(true);
  });

  it('refuses an organisation that the profile does not have', async () => {
    const organisation = 'NobodyMSP';
    expect(await codeOf(() => contracts.readVendor('northlight', { organisation }))).toBe(
      'ORGANISATION_UNKNOWN',
    );
  });

  it('does nothing under an aborted signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(contracts.readVendor('northlight', { signal })).rejects.toThrow('enough');
    await expect(contracts.suspendDevice('lamp-1', 'x', { signal })).rejects.toThrow('enough');
  });

  it('is closed for good', async () => {
    const closed = await city.connect('MeridianMSP', 'visitor', 'client');
    await closed.close();
    await closed.close();
    expect(await codeOf(() => closed.chain())).toBe('CLOSED');
    expect(await codeOf(() => closed.submit('DeviceRegistry:SuspendDevice', []))).toBe('CLOSED');
    expect(await codeOf(() => closed.status('00'))).toBe('CLOSED');
    const unsent = { transactionId: '00', envelope: new Uint8Array(0) };
    expect(await codeOf(() => closed.send(unsent))).toBe('CLOSED');
  });

  it('needs a peer of the channel', async () => {
    const identity = await city.network.enrol('NorthlightMSP', 'Admin', 'admin');
    const profile = city.network.connectionProfile('NorthlightMSP');
    const settings = { profile, identity, channel: 'village', chaincode: 'lamplighter' };
    expect(await codeOf(() => connectLedger(settings))).toBe('UNAVAILABLE');
  });
});
