import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { common } from '@hyperledger/fabric-protos';

import { Closers } from '../../../network/src/closers.ts';
import type { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';
import { freePort, startChaincode } from './chaincode-process.ts';
import { newTestNetwork, NORTHLIGHT, type TestNetwork } from './fabric-client.ts';

jest.setTimeout(60_000);

const run = promisify(execFile);
const { error } = spawnSync('peer', ['version']);
/** Fabric's own command, when it is on PATH. */
const describeWithPeer = error ? describe.skip : describe;
const CORE = 'peer: { BCCSP: { Default: SW, SW: { Hash: SHA2, Security: 256 } } }\n';

describeWithPeer('the stock peer command', () => {
  let setting: TestNetwork;
  let network: EmbeddedNetwork;
  let configuration: string;
  const closers = new Closers();

  beforeAll(async () => {
    const chaincode = await startChaincode(await freePort());
    closers.add(() => chaincode.stop());
    setting = await newTestNetwork(chaincode.address);
    closers.add(() => setting.remove());
    network = await setting.start();
    closers.add(() => network.close());
    await network.enrol(NORTHLIGHT, 'User1', 'client');
    configuration = await mkdtemp(join(tmpdir(), 'core-'));
    closers.add(() => rm(configuration, { recursive: true }));
    await writeFile(join(configuration, 'core.yaml'), CORE);
  });

  afterAll(() => closers.closeAll());

  const organizations = (...names: string[]): string =>
    join(setting.options.directory, 'organizations', ...names);
  const tlsRoot = (domain: string): string =>
    organizations('peerOrganizations', domain, 'tlsca', `tlsca.${domain}-cert.pem`);
  const addressOf = (name: string): string => {
    const { peers, orderers } = network.connectionProfile(NORTHLIGHT);
    return { ...peers, ...orderers }[name]!.url.replace('grpcs://', '');
  };

  /** Runs the command as a member of Northlight; both outputs together, since it logs to the second. */
  async function peer(...args: string[]): Promise<string> {
    const domain = 'northlight.example';
    const { stdout, stderr } = await run('peer', args, {
      cwd: configuration,
      env: {
        PATH: process.env['PATH'],
        HOME: configuration,
        FABRIC_CFG_PATH: configuration,
        FABRIC_LOGGING_SPEC: 'info:grpc=error',
        CORE_PEER_TLS_ENABLED: 'true',
        CORE_PEER_LOCALMSPID: NORTHLIGHT,
        CORE_PEER_ADDRESS: addressOf(`peer0.${domain}`),
        CORE_PEER_TLS_ROOTCERT_FILE: tlsRoot(domain),
        CORE_PEER_MSPCONFIGPATH: organizations(
          'peerOrganizations',
          domain,
          'users',
          `User1@${domain}`,
          'msp',
        ),
      },
    });
    return `${stdout}${stderr}`;
  }

  const orderer = (): string[] => [
    '-o',
    addressOf('orderer0.orderer.example'),
    '--tls',
    '--cafile',
    organizations(
      'ordererOrganizations',
      'orderer.example',
      'tlsca',
      'tlsca.orderer.example-cert.pem',
    ),
  ];

  const invoke = (ordererFlags: readonly string[], ...args: string[]): Promise<string> =>
    peer(
      ...['chaincode', 'invoke', '-C', 'city', '-n', 'features', ...ordererFlags],
      ...['northlight', 'helios', 'meridian'].flatMap((name) => [
        '--peerAddresses',
        addressOf(`peer0.${name}.example`),
        '--tlsRootCertFiles',
        tlsRoot(`${name}.example`),
      ]),
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
    const output = await invoke(orderer(), 'Features:Put', 'cli', 'from the command line');
    expect(output.match(/committed with status \(VALID\)/g)).toHaveLength(3);
    expect(output).toContain('Chaincode invoke successful');
    expect(await query('Features:Get', 'cli')).toContain('from the command line');
  });

  it('finds the orderer in the configuration of the channel', async () => {
    const output = await invoke(['--tls', ...orderer().slice(3)], 'Features:Put', 'cli', 'again');
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
    const path = join(configuration, `${which}.block`);
    const source = fromOrderer ? orderer() : [];
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
