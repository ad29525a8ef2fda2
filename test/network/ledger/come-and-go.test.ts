/** One client, never restarted, while nodes die, hang, lie, come back and get other certificates. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import { common, msp, peer } from '@hyperledger/fabric-protos';

import { Contracts, type ConnectedLedger } from '../../../network/src/ledger/index.ts';
import { newSigner } from '../../../network/src/membership/signer.ts';
import { aDevice, aModel, aVendor } from '../../chaincode/city.ts';
import { codeOf } from '../code-of.ts';
import { RawClient } from '../embedded/raw-client.ts';
import { answer, FakeOrderer, Status } from './fake-orderer.ts';
import { gated, type Gate } from './gate.ts';
import { TestNetwork } from './test-network.ts';

jest.setTimeout(120_000);

const MSP_IDS = ['NorthlightMSP', 'HeliosMSP', 'MeridianMSP'] as const;

let city: TestNetwork;
let gates: ReadonlyMap<string, Gate>;
/** Two organisations without which a transaction passes. */
let dispensable: readonly string[];
let ledger: ConnectedLedger;
let contracts: Contracts;
let count = 0;

const gateOf = (mspId: string): Gate =>
  gates.get(`peer0.${mspId.replace('MSP', '').toLowerCase()}.example`)!;

async function submit(through: Contracts = contracts): Promise<string> {
  const id = `lamp-${(count += 1)}`;
  await through.registerDevices([aDevice(id, 'prime')]);
  return id;
}

/** The certificate that a transaction was signed with. */
async function creatorOf(transactionId: string): Promise<string> {
  const signer = newSigner(await city.network.enrol('NorthlightMSP', 'reader', 'client'));
  const client = new RawClient(city.network.connectionProfile('NorthlightMSP'), signer);
  const args = ['GetTransactionByID', 'city', transactionId];
  const response = await client.query({ chaincode: 'qscc', args });
  client.close();
  const processed = peer.ProcessedTransaction.deserializeBinary(response.getPayload_asU8());
  const payload = processed.getTransactionenvelope()!.getPayload_asU8();
  const header = common.Payload.deserializeBinary(payload).getHeader()!;
  const signature = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8());
  const creator = msp.SerializedIdentity.deserializeBinary(signature.getCreator_asU8());
  return Buffer.from(creator.getIdBytes_asU8()).toString();
}

beforeAll(async () => {
  city = await TestNetwork.start();
  const doors = await gated(city.network.connectionProfile('NorthlightMSP'), 'peers');
  ({ gates } = doors);
  ledger = await city.connect('NorthlightMSP', 'Admin', 'admin', () => doors.profile);
  contracts = new Contracts(ledger);
  await contracts.registerVendor(aVendor('northlight'));
  await contracts.registerModel(aModel('prime', 'northlight'));
  const { validator } = await contracts.stake.readTable();
  dispensable = MSP_IDS.filter((mspId) => mspId !== validator);
});

afterAll(async () => {
  await city[Symbol.asyncDispose]();
  for (const gate of gates.values()) await gate.close();
});

describe('a ledger client', () => {
  it('does without a peer that is killed, and with it again when it is back', async () => {
    const [first, second] = dispensable as [string, string];
    await submit();
    await gateOf(first).close();
    await submit();
    await gateOf(first).open();
    // The first one is needed now.
    await gateOf(second).close();
    const device = await submit();
    await gateOf(second).open();
    const read = (organisation: string): Promise<string> =>
      codeOf(() => contracts.readDevice(device, { organisation }));
    expect(await read(first)).toBe('none');
    // It may be dialled again a little later, and have caught up a little later than that.
    while ((await read(second)) !== 'none') await turn();
  });

  it('does not wait for a peer that hangs', async () => {
    const [first] = dispensable as [string];
    gateOf(first).freeze();
    const device = await submit();
    await gateOf(first).close();
    await gateOf(first).open();
    expect(await contracts.readDevice(device)).toMatchObject({ id: device });
  });

  it('hears every event once while the peer that it hears them from is killed', async () => {
    const devices = [await submit(), await submit(), await submit()];
    const { height } = await ledger.chain();
    const controller = new AbortController();
    const heard: string[] = [];
    await contracts.suspendDevice(devices[0]!, 'to be heard');
    for await (const event of ledger.events({ startBlock: height, signal: controller.signal })) {
      if (event.name !== 'DeviceSuspended') continue;
      heard.push((JSON.parse(Buffer.from(event.payload).toString()) as { device: string }).device);
      const next = devices[heard.length];
      if (next === undefined) {
        controller.abort();
        continue;
      }
      await gateOf('NorthlightMSP').close();
      await gateOf('NorthlightMSP').open();
      await contracts.suspendDevice(next, 'to be heard');
    }
    expect(heard).toEqual(devices);
  });

  it('sends to orderers that hang, refuse or lie, and to the one that does its work', async () => {
    const fakes = await Promise.all([1, 2, 3].map(() => FakeOrderer.start()));
    const [hanging, refusing, lying] = fakes as [FakeOrderer, FakeOrderer, FakeOrderer];
    hanging.behave = () => undefined;
    refusing.behave = (_, stream) => {
      answer(stream, Status.FORBIDDEN);
      stream.end();
    };
    const heardBefore = lying.heard.length;
    const through = await city.connect('NorthlightMSP', 'Admin', 'admin', (profile) => {
      const untrue = fakes.map(
        ({ port }, index) =>
          [`false${index}.example`, { url: `grpc://127.0.0.1:${port}` }] as const,
      );
      const orderers: object = { ...Object.fromEntries(untrue), ...profile.orderers };
      const channels = {
        city: { ...profile.channels['city'], orderers: Object.keys(orderers) },
      };
      return { ...profile, orderers, channels };
    });
    const ids = [await submit(new Contracts(through)), await submit(new Contracts(through))];
    for (const id of ids) expect(await contracts.readDevice(id)).toMatchObject({ id });
    expect(lying.heard.length).toBeGreaterThan(heardBefore);
    await through.close();
    for (const fake of fakes) fake.close();
  });

  it('signs with another certificate from the moment that it is renewed', async () => {
    const { mspId } = ledger;
    const old = await city.network.enrol(mspId, 'Admin', 'admin');
    const renewed = await city.network.enrol(mspId, 'Admin2', 'admin');
    const devices = JSON.stringify([aDevice('lamp-renewed', 'prime')]);
    const prepared = await ledger.prepare('DeviceRegistry:RegisterDevices', [devices]);
    ledger.renew(renewed);
    // Begun under the old one, and valid.
    expect((await ledger.send(prepared)).code).toBe('VALID');
    expect(await creatorOf(prepared.transactionId)).toBe(old.certificate);
    const { transactionId } = await contracts.suspendDevice('lamp-renewed', 'renewed');
    expect(await creatorOf(transactionId)).toBe(renewed.certificate);
    expect(await ledger.status(transactionId)).toBe('VALID');
  });

  it('takes no identity of another organisation, and none without its key', async () => {
    const other = await city.network.enrol('HeliosMSP', 'Admin', 'admin');
    const own = await city.network.enrol('NorthlightMSP', 'Admin', 'admin');
    const { privateKey } = other;
    expect(() => {
      ledger.renew(other);
    }).toThrow(RangeError);
    expect(() => {
      ledger.renew({ ...own, privateKey });
    }).toThrow('expected the private key of the certificate');
    await submit();
  });

  it('goes on when all peers come back with other certificates of the same authorities', async () => {
    const before = MSP_IDS.map((mspId) => city.network.peerCertificate(mspId));
    await city.restart(async (directory) => {
      for (const mspId of MSP_IDS) {
        const domain = `${mspId.replace('MSP', '').toLowerCase()}.example`;
        const peers = path.join(directory, 'organizations/peerOrganizations', domain, 'peers');
        await rm(peers, { recursive: true });
      }
    });
    for (const mspId of MSP_IDS) expect(before).not.toContain(city.network.peerCertificate(mspId));
    let code = await codeOf(() => submit());
    // Until its connections stand again.
    while (code === 'UNAVAILABLE') code = await codeOf(() => submit());
    expect(code).toBe('none');
  });
});
