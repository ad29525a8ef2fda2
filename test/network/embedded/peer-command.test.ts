import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { common } from '@hyperledger/fabric-protos';

import { Closers } from '../../../network/src/closers.ts';
import type { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';
import { freePort, startChaincode } from './chaincode-process.ts';
import { newTestNetwork } from './fabric-client.ts';
import { hasPeer, StockPeer } from './stock-peer.ts';

jest.setTimeout(60_000);

const describeWithPeer = hasPeer() ? describe : describe.skip;

describeWithPeer('the stock peer command', () => {
  let network: EmbeddedNetwork;
  let command: StockPeer;
  const closers = new Closers();

  beforeAll(async () => {
    const chaincode = await startChaincode(await freePort());
    closers.add(() => chaincode.stop());
    const setting = await newTestNetwork(chaincode.address);
    closers.add(() => setting.remove());
    network = await setting.start();
    closers.add(() => network.close());
    command = await StockPeer.open(network, setting.options.directory);
    closers.add(() => command.remove());
  });

  afterAll(() => closers.closeAll());

  const peer = (...args: string[]): Promise<string> => command.run('northlight', 'User1', ...args);

  const invoke = (ordererFlags: readonly string[], ...args: string[]): Promise<string> =>
    peer(
      ...['chaincode', 'invoke', '-C', 'city', '-n', 'features', ...ordererFlags],
      ...command.peers('northlight', 'helios', 'meridian'),
      ...['--waitForEvent', '-c', JSON.stringify({ Args: args })],
    );

  const query = (...args: string[]): Promise<string> =>
    peer(
      'chaincode',
      'query',
      '-C',
      'city',
      '-n',
      'features',
      '-c',
      JSON.stringify({ Args: args }),
    );

  it('invokes through three peers, waits for the commit, and queries', async () => {
    const output = await invoke(command.orderer(), 'Features:Put', 'cli', 'from the command line');
    expect(output.match(/committed with status \(VALID\)/g)).toHaveLength(3);
    expect(output).toContain('Chaincode invoke successful');
    expect(await query('Features:Get', 'cli')).toContain('from the command line');
  });

  it('finds the orderer in the configuration of the channel', async () => {
    const output = await invoke(
      ['--tls', ...command.orderer().slice(3)],
      'Features:Put',
      'cli',
      'again',
    );
    expect(output).toContain('Chaincode invoke successful');
  });

  it('shows the error of a contract', async () => {
    await expect(query('Features:Fail', 'DEVICE_NOT_FOUND: no such lamp')).rejects.toMatchObject({
      stderr: expect.stringContaining('DEVICE_NOT_FOUND: no such lamp') as string,
    });
  });

  it('tells the channel and its height', async () => {
    expect(await peer('channel', 'list')).toContain('city');
    const { height } = network.blocks();
    expect(await peer('channel', 'getinfo', '-c', 'city')).toContain(`"height":${height}`);
  });

  it.each([
    ['config', 0, true],
    ['oldest', 0, false],
    ['newest', undefined, false],
    ['1', 1, true],
  ])('fetches block %s', async (which, number, fromOrderer) => {
    const path = join(command.folder, `${which}.block`);
    const source = fromOrderer ? command.orderer() : [];
    await peer('channel', 'fetch', which, path, '-c', 'city', ...source);
    const block = common.Block.deserializeBinary(new Uint8Array(await readFile(path)));
    expect(block.getHeader()!.getNumber()).toBe(number ?? network.blocks().height - 1);
  });

  it('tells which chaincodes are committed', async () => {
    const all = await peer('lifecycle', 'chaincode', 'querycommitted', '-C', 'city');
    expect(all).toContain('Name: features, Version: 1.0, Sequence: 1');
    const one = await peer(
      'lifecycle',
      'chaincode',
      'querycommitted',
      '-C',
      'city',
      '-n',
      'features',
    );
    expect(one).toContain('Approvals: [HeliosMSP: true, MeridianMSP: true, NorthlightMSP: true]');
  });

  it('is told in a sentence what is not served', async () => {
    await expect(
      peer(
        'lifecycle',
        'chaincode',
        'checkcommitreadiness',
        '-C',
        'city',
        '-n',
        'features',
        '-v',
        '1',
        '--sequence',
        '2',
        '--init-required',
      ),
    ).rejects.toMatchObject({
      stderr: expect.stringContaining('not served by the embedded network') as string,
    });
  });
});
