import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Closers } from '../../../network/src/closers.ts';
import type { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';
import { freePort, PACKAGE_ID, startChaincode } from './chaincode-process.ts';
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

  it('tells what is installed, approved and committed', async () => {
    const installed = await admin('helios', 'queryinstalled');
    const [, packageId = ''] =
      /Package ID: (second_1:[0-9a-f]{64}), Label: second_1/.exec(installed) ?? [];
    expect(installed).toContain(`Package ID: ${PACKAGE_ID}, Label: features_1.0`);
    const path = join(command.folder, 'package.tar.gz');
    const sent = await readFile(path);
    await admin('helios', 'getinstalledpackage', '--package-id', packageId);
    const copy = await readFile(join(command.folder, `${packageId}.tar.gz`));
    expect(Buffer.compare(copy, sent)).toBe(0);
    expect(await admin('helios', 'calculatepackageid', path)).toContain(packageId);
    expect(await admin('helios', 'queryapproved', '-C', 'city', '-n', 'second')).toContain(
      `sequence: 1, version: 1.0, init-required: false, package-id: ${packageId}, endorsement plugin: escc, validation plugin: vscc`,
    );
    expect(await admin('helios', 'querycommitted', '-C', 'city')).toMatch(
      /Name: features, Version: 1.0, Sequence: 1[^]*Name: second, Version: 1.0, Sequence: 1/,
    );
    expect(await admin('helios', 'querycommitted', '-C', 'city', '-n', 'second')).toContain(
      'Approvals: [HeliosMSP: true, MeridianMSP: true, NorthlightMSP: true]',
    );
  });

  it('deploys one that stake validates, and refuses plugins that nobody has', async () => {
    const [, packageId = ''] =
      /Package ID: (second_1:[0-9a-f]{64})/.exec(await admin('helios', 'queryinstalled')) ?? [];
    const plugin = (name: string): string[] => ['--validation-plugin', name];
    const staked = [...definition('staked', '1.0', 1), ...plugin('lamplighter-stake')];
    await expect(
      approve('helios', packageId, ...definition('staked', '1.0', 1), ...plugin('own')),
    ).rejects.toThrow('validation plugins other than vscc and lamplighter-stake');
    for (const organisation of ORGANISATIONS) await approve(organisation, packageId, ...staked);
    expect(
      await admin('helios', 'checkcommitreadiness', ...definition('staked', '1.0', 1)),
    ).toContain('HeliosMSP: false');
    await commit(...staked);
    expect(await admin('helios', 'querycommitted', '-C', 'city', '-n', 'staked')).toContain(
      'Version: 1.0, Sequence: 1, Endorsement Plugin: escc, Validation Plugin: lamplighter-stake',
    );
    expect(await invoke('staked', 'Features:Put', 'k', 'v')).toContain(
      'Chaincode invoke successful',
    );
  });

  it('makes a new sequence of the first one, by another package for each organisation', async () => {
    const flags = definition('features', '2.0', 2);
    for (const organisation of ORGANISATIONS) {
      const port = await freePort();
      const { bytes, packageId } = newPackage(`features_${organisation}`, {
        connection: { address: `127.0.0.1:${port}`, dial_timeout: '10s', tls_required: false },
      });
      const server = await startChaincode(port, packageId);
      closers.add(() => server.stop());
      await install(organisation, bytes);
      await approve(organisation, packageId, ...flags);
    }
    await commit(...flags);
    expect(await invoke('features', 'Features:Put', 'k2', 'of sequence 2')).toContain(
      'Chaincode invoke successful',
    );
    expect(await query('features', 'Features:Get', 'k2')).toContain('of sequence 2');
    expect(await admin('meridian', 'queryinstalled')).toMatch(
      /Package ID: features_meridian:[0-9a-f]{64}/,
    );
  });

  it('takes a signature policy, and a policy of the channel', async () => {
    for (const [sequence, flag, policy] of [
      [2, '--signature-policy', "OR('HeliosMSP.peer')"],
      [3, '--channel-config-policy', '/Channel/Application/LifecycleEndorsement'],
    ] as const) {
      const flags = [...definition('second', '1.0', sequence), flag, policy];
      const ready = await admin('helios', 'checkcommitreadiness', ...flags, '--inspect');
      expect(ready).toContain('HeliosMSP: false (mismatch: [ChaincodeParameters])');
      const [, packageId = ''] =
        /package-id: (\S+),/.exec(
          await admin('helios', 'queryapproved', '-C', 'city', '-n', 'second'),
        ) ?? [];
      for (const organisation of ORGANISATIONS) {
        await approve(organisation, packageId, ...flags);
      }
      await commit(...flags);
      expect(await invoke('second', 'Features:Put', 'k', String(sequence))).toContain(
        'Chaincode invoke successful',
      );
    }
  });

  it.each<[string, readonly string[], string]>([
    [
      'a sequence that is not the next',
      ['checkcommitreadiness', ...definition('second', '1.0', 9)],
      'requested sequence is 9, but new definition must be sequence 4',
    ],
    [
      'an initialisation',
      ['checkcommitreadiness', ...definition('second', '1.0', 4), '--init-required'],
      'not served by the embedded network: --init-required',
    ],
    [
      'an approval that is not there',
      ['queryapproved', '-C', 'city', '-n', 'third'],
      "could not fetch approved chaincode definition (name: 'third', sequence: '0') on channel 'city'",
    ],
    [
      'a definition that is not there',
      ['querycommitted', '-C', 'city', '-n', 'third'],
      'query failed with status: 404 - namespace third is not defined',
    ],
    [
      'a package that is not there',
      ['getinstalledpackage', '--package-id', 'third:00'],
      "chaincode install package 'third:00' not found",
    ],
  ])('is told %s', async (_, [call = '', ...args], text) => {
    await expect(admin('helios', call, ...args)).rejects.toMatchObject({
      stderr: expect.stringContaining(text) as string,
    });
  });

  it('is told that a package is for another kind of peer', async () => {
    const [source, output] = [join(command.folder, 'source'), join(command.folder, 'node.tar.gz')];
    await mkdir(source);
    await writeFile(join(source, 'package.json'), '{"name":"x","version":"1.0.0"}');
    const flags = ['--lang', 'node', '--path', source, '--label', 'node_1'];
    await admin('helios', 'package', output, ...flags);
    await expect(admin('helios', 'install', output)).rejects.toMatchObject({
      stderr: expect.stringContaining(
        'could not build chaincode: expected type ccaas in metadata.json (chaincode as a service)',
      ) as string,
    });
  });

  it('is for administrators', async () => {
    await expect(
      command.run('helios', 'User1', 'lifecycle', 'chaincode', 'queryinstalled'),
    ).rejects.toMatchObject({
      stderr: expect.stringContaining('The identity is not an admin') as string,
    });
  });
});
