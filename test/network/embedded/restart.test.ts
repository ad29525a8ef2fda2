import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';

import { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';
import { newSigner } from '../../../network/src/membership/signer.ts';
import { freePort } from './chaincode-process.ts';
import { HELIOS, newTestNetwork, NORTHLIGHT, type TestNetwork } from './fabric-client.ts';
import { newDraft, newEnvelope, RawClient } from './raw-client.ts';

jest.setTimeout(60_000);

const ORDERER = 'orderer0.orderer.example';
const PEER = 'peer0.helios.example';

describe('starting an embedded network', () => {
  let setting: TestNetwork;

  beforeEach(async () => {
    setting = await newTestNetwork('127.0.0.1:9');
  });

  afterEach(async () => {
    await setting.remove();
  });

  const blocks = (node: string): string =>
    join(setting.options.directory, 'ledgers', node, 'city', 'blocks');

  /** Starts, adds blocks with invalid transactions (no chaincode runs here), and stops. */
  async function run(count: number): Promise<number> {
    const network = await setting.start();
    const signer = newSigner(await network.enrol(NORTHLIGHT, 'User1', 'client'));
    const client = new RawClient(network.connectionProfile(NORTHLIGHT), signer);
    const listener = await client.follow();
    for (let round = 0; round < count; round++) {
      const draft = newDraft(signer, { args: ['x'] });
      await client.broadcast(newEnvelope(draft, [], signer));
      await listener.code(draft.transactionId);
    }
    listener.close();
    client.close();
    await network.close();
    return network.blocks().height;
  }

  /** Starts once more and tells the height. */
  async function restart(): Promise<number> {
    const network = await setting.start();
    const { height } = network.blocks();
    await network.close();
    return height;
  }

  it('makes a channel with the chaincodes defined, and finds it again', async () => {
    const network = await setting.start();
    expect(network.blocks()).toEqual({ height: 3, valid: 5, invalid: 0 });
    const profile = network.connectionProfile(HELIOS);
    expect(Object.keys(profile.peers)).toHaveLength(3);
    const path = join(setting.options.directory, 'connection-helios.json');
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(profile);
    await network.close();
    await network.close();
    expect(await restart()).toBe(3);
  });

  it('enrols the same member twice, also after a restart', async () => {
    const network = await setting.start();
    const first = await network.enrol(HELIOS, 'manager', 'client');
    expect(await network.enrol(HELIOS, 'manager', 'client')).toEqual(first);
    await expect(network.enrol('OtherMSP', 'x', 'client')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await network.close();
    const again = await setting.start();
    expect(await again.enrol(HELIOS, 'manager', 'client')).toEqual(first);
    await again.close();
  });

  it('refuses a directory that is in use', async () => {
    const network = await setting.start();
    await expect(setting.start()).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE' });
    await network.close();
  });

  it('refuses a taken port, says whose, and leaves nothing open', async () => {
    const port = await freePort();
    const server: Server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const options = { ...setting.options, ports: { [HELIOS]: port } };
    await expect(EmbeddedNetwork.start(options)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(`${PEER} cannot listen on 127.0.0.1:${port}`) as string,
    });
    server.close();
    await once(server, 'close');
    await (await EmbeddedNetwork.start(options)).close();
  });

  it('refuses other organisations than those it was made with', async () => {
    await restart();
    const organisations = setting.options.organisations.slice(0, 2);
    await expect(
      EmbeddedNetwork.start({ ...setting.options, organisations }),
    ).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });

  it('commits a new sequence of a chaincode and refuses a changed version without one', async () => {
    await restart();
    const [chaincode] = setting.options.chaincodes;
    const start = (change: object): Promise<EmbeddedNetwork> =>
      EmbeddedNetwork.start({ ...setting.options, chaincodes: [{ ...chaincode!, ...change }] });
    await expect(start({ version: '2.0' })).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
      message: expect.stringContaining('start with sequence 2') as string,
    });
    const network = await start({ version: '2.0', sequence: 2 });
    expect(network.blocks().height).toBe(5);
    await network.close();
    await expect(start({ version: '3.0', sequence: 4 })).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
      message: expect.stringContaining('the next one is 3') as string,
    });
  });

  it('lets a later definition on the ledger stand', async () => {
    await restart();
    const [chaincode] = setting.options.chaincodes;
    const chaincodes = [{ ...chaincode!, version: '2.0', sequence: 2 }];
    await (await EmbeddedNetwork.start({ ...setting.options, chaincodes })).close();
    expect(await restart()).toBe(5);
  });

  it.each([
    ['a peer', [PEER]],
    ['the orderer', [ORDERER]],
    ['all nodes', [PEER, ORDERER, 'peer0.northlight.example', 'peer0.meridian.example']],
  ])('cuts a torn last block of %s off and goes on', async (_, nodes) => {
    const height = await run(3);
    for (const node of nodes) {
      await truncate(blocks(node), (await readFile(blocks(node))).length - 7);
    }
    expect(await restart()).toBe(nodes.length > 2 ? height - 1 : height);
    expect(await run(1)).toBeGreaterThan(height - 1);
  });

  it.each([PEER, ORDERER])('makes the block file of %s anew from the others', async (node) => {
    const height = await run(2);
    const before = await readFile(blocks(PEER));
    await rm(blocks(node));
    expect(await restart()).toBe(height);
    expect(Buffer.compare(await readFile(blocks(PEER)), before)).toBe(0);
  });

  it.each([PEER, ORDERER])('stops at a damaged block of %s and says what to do', async (node) => {
    await run(2);
    const bytes = await readFile(blocks(node));
    bytes[200] = bytes[200]! ^ 1;
    await writeFile(blocks(node), bytes);
    await expect(setting.start()).rejects.toMatchObject({
      code: 'BLOCK_FILE_DAMAGED',
      message: expect.stringMatching(
        /block 0 in .* is damaged; delete that file and start again/,
      ) as string,
    });
    await rm(blocks(node));
    expect(await restart()).toBe(5);
  });

  it('refuses a peer with the blocks of another network', async () => {
    await run(1);
    const other = await newTestNetwork('127.0.0.1:9');
    await (await other.start()).close();
    const path = join(other.options.directory, 'ledgers', PEER, 'city', 'blocks');
    await writeFile(blocks(PEER), await readFile(path));
    await expect(setting.start()).rejects.toMatchObject({ code: 'BLOCK_OUT_OF_CHAIN' });
    await other.remove();
  });
});
