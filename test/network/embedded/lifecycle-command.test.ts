import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Closers } from '../../../network/src/closers.ts';
import type { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';
import { freePort, startChaincode } from './chaincode-process.ts';
import { newTestNetwork, type TestNetwork } from './fabric-client.ts';
import { newPackage } from './packages.ts';
import { hasPeer, StockPeer } from './stock-peer.ts';

jest.setTimeout(120_000);

const describeWithPeer = hasPeer() ? describe : describe.skip;
const ORGANISATIONS = ['northlight', 'helios', 'meridian'] as const;

/** The stock command deploys chaincode: one test after the other, each on what those before it left. */
describeWithPeer('peer lifecycle chaincode', () => {
  let setting: TestNetwork;
  let network: EmbeddedNetwork;
  let command: StockPeer;
  const closers = new Closers();

  beforeAll(async () => {
    const chaincode = await startChaincode(await freePort());
    closers.add(() => chaincode.stop());
    setting = await newTestNetwork(chaincode.address);
    closers.add(() => setting.remove());
    network = await setting.start();
    closers.add(() => network.close());
    command = await StockPeer.open(network, setting.options.directory);
    closers.add(() => command.remove());
  });

  afterAll(() => closers.closeAll());

  const admin = (organisation: string, call: string, ...args: string[]): Promise<string> =>
    command.run(organisation, 'Admin', 'lifecycle', 'chaincode', call, ...args);

  const definition = (name: string, version: string, sequence: number): string[] => [
    ...['-C', 'city', '-n', name, '-v', version, '--sequence', String(sequence)],
  ];

  async function install(organisation: string, bytes: Uint8Array): Promise<string> {
    const path = join(command.folder, 'package.tar.gz');
    await writeFile(path, bytes);
    return admin(organisation, 'install', path);
  }

  const approve = (organisation: string, packageId: string, ...flags: string[]): Promise<string> =>
    admin(
      organisation,
      'approveformyorg',
      ...command.orderer(),
      ...['--package-id', packageId],
      ...flags,
    );

  const commit = (...flags: string[]): Promise<string> =>
    admin(
      'northlight',
      'commit',
      ...command.orderer(),
      ...command.peers(...ORGANISATIONS),
      ...flags,
    );

  const invoke = (name: string, ...args: string[]): Promise<string> =>
    command.run(
      'northlight',
      'User1',
      ...['chaincode', 'invoke', '-C', 'city', '-n', name, '--waitForEvent'],
      ...command.orderer(),
      ...command.peers(...ORGANISATIONS),
      ...['-c', JSON.stringify({ Args: args })],
    );

  const query = (name: string, ...args: string[]): Promise<string> =>
    command.run(
      'northlight',
      'User1',
      ...['chaincode', 'query', '-C', 'city', '-n', name],
      ...['-c', JSON.stringify({ Args: args })],
    );

  it('deploys a second chaincode', async () => {
    const port = await freePort();
    const connection = { address: `127.0.0.1:${port}`, dial_timeout: '10s', tls_required: false };
    const { bytes, packageId } = newPackage('second_1', { connection });
    const server = await startChaincode(port, packageId);
    closers.add(() => server.stop());
    for (const organisation of ORGANISATIONS) {
      expect(await install(organisation, bytes)).toContain(packageId);
      await approve(organisation, packageId, ...definition('second', '1.0', 1));
    }
    const ready = await admin('helios', 'checkcommitreadiness', ...definition('second', '1.0', 1));
    expect(ready).toContain('HeliosMSP: true\nMeridianMSP: true\nNorthlightMSP: true');
    await commit(...definition('second', '1.0', 1));
    expect(await invoke('second', 'Features:Put', 'k', 'v')).toContain(
      'Chaincode invoke successful',
    );
    expect(await query('second', 'Features:Get', 'k')).toContain('v');
    expect(await query('features', 'Features:Get', 'k')).not.toContain('v');
  });
});
