/** One network of Fabric's own programs, through its life. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Contract } from 'fabric-network';

import { FabricNetwork, type FabricNetworkOptions } from '../../../network/src/fabric/index.ts';
// Silences the logger that the SDK reads when it is loaded.
import '../embedded/fabric-client.ts';
import { describeWithFabric } from './binaries.ts';
import { featuresOptions } from './features-network.ts';
import { isAlive, until } from './programs.ts';
import { ORGANISATIONS } from './topologies.ts';

jest.setTimeout(300_000);

describeWithFabric('FabricNetwork', () => {
  let directory: string;
  let network: FabricNetwork;

  const options = (): FabricNetworkOptions => featuresOptions(directory);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fabric-'));
    network = await FabricNetwork.start(options());
  });

  afterAll(async () => {
    await network.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** As a client of the second organisation with Fabric's own SDK. */
  async function withContract<T>(
    use: (contract: Contract) => Promise<T>,
    discovery = false,
  ): Promise<T> {
    const fabric = await import('fabric-network');
    const { certificate, privateKey } = await network.enrol('HeliosMSP', 'User1', 'client');
    const gateway = new fabric.Gateway();
    const profile = discovery
      ? network.discoveryProfile('HeliosMSP')
      : network.connectionProfile('HeliosMSP');
    await gateway.connect(
      { ...profile },
      {
        identity: {
          type: 'X.509',
          mspId: 'HeliosMSP',
          credentials: { certificate, privateKey },
        } as never,
        discovery: { enabled: discovery, asLocalhost: false },
        tlsInfo: { certificate, key: privateKey },
      },
    );
    try {
      return await use((await gateway.getNetwork('city')).getContract('features', 'Features'));
    } finally {
      gateway.disconnect();
    }
  }

  const put = (key: string, value: string, discovery = false): Promise<unknown> =>
    withContract((contract) => contract.submitTransaction('Put', key, value), discovery);
  const get = (key: string): Promise<string> =>
    withContract(async (contract) => (await contract.evaluateTransaction('Get', key)).toString());

  it('runs four orderers, three peers and a chaincode server for each of these', () => {
    const kinds = network.nodes.map(({ kind }) => kind).sort();
    expect(kinds).toEqual([
      ...Array<string>(3).fill('chaincode'),
      ...Array<string>(4).fill('orderer'),
      ...Array<string>(3).fill('peer'),
    ]);
    for (const { processId } of network.nodes) expect(isAlive(processId!)).toBe(true);
  });

  it('commits a transaction at every peer', async () => {
    await put('key', 'value');
    expect(await get('key')).toBe('value');
    await until(async () => new Set((await network.heights()).values()).size === 1);
    const counts = await network.blocks();
    // Block 0, and a transaction for each approval, the commit and this one.
    expect(counts).toMatchObject({ valid: 6, invalid: 0 });
    expect([...(await network.heights()).values()]).toEqual(Array(7).fill(counts.height));
    expect(await network.failedChecks()).toEqual([]);
  });

  it('is known by discovery as soon as it is ready', async () => {
    await put('discovered', 'yes', true);
    expect(await get('discovered')).toBe('yes');
  });

  it('tells clients where everything is', async () => {
    const { orderers, peers } = network.connectionProfile('NorthlightMSP');
    expect([Object.keys(orderers).length, Object.keys(peers).length]).toEqual([4, 3]);
    const written = await readFile(join(directory, 'connection-northlight.json'), 'utf8');
    expect(JSON.parse(written)).toEqual(network.connectionProfile('NorthlightMSP'));
    expect(Object.keys(network.discoveryProfile('HeliosMSP').peers)).toEqual([
      'peer0.helios.example',
    ]);
    expect(network.peerCertificate('HeliosMSP')).toContain('BEGIN CERTIFICATE');
    expect(() => network.peerCertificate('HeliosOrdererMSP')).toThrow(
      'an organisation with a peer',
    );
    await expect(network.enrol('NobodyMSP', 'User1', 'client')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it.each(['peer', 'chaincode', 'orderer'] as const)(
    'starts a %s again that was killed, and goes on',
    async (kind) => {
      const { name, processId } = network.nodes.find((node) => node.kind === kind)!;
      process.kill(processId!, 'SIGKILL');
      await until(() => {
        const now = network.nodes.find((node) => node.name === name);
        return now?.processId !== undefined && now.processId !== processId;
      });
      await until(async () => (await network.failedChecks()).length === 0);
      await put('after', kind);
      await until(async () => (await get('after')) === kind);
      expect(await network.failedChecks()).toEqual([]);
    },
  );

  it('refuses its directory to a second network', async () => {
    await expect(FabricNetwork.start(options())).rejects.toMatchObject({
      code: 'DIRECTORY_IN_USE',
    });
  });

  it('starts again with its data, ports and identities', async () => {
    const before = network.nodes.map(({ name, address }) => [name, address]).sort();
    const certificate = network.peerCertificate('HeliosMSP');
    const processes = network.nodes.map(({ processId }) => processId!);
    const { height } = await network.blocks();
    await network.close();
    expect(processes.filter(isAlive)).toEqual([]);
    network = await FabricNetwork.start(options());
    expect(network.nodes.map(({ name, address }) => [name, address]).sort()).toEqual(before);
    expect(network.peerCertificate('HeliosMSP')).toBe(certificate);
    // Nothing was deployed anew.
    expect((await network.blocks()).height).toBe(height);
    expect(await get('key')).toBe('value');
    const { logFile } = network.nodes[0]!;
    expect((await stat(`${logFile}.1`)).size).toBeGreaterThan(0);
  });

  it('refuses its directory to other organisations', async () => {
    await network.close();
    const others = { ...options(), organisations: ORGANISATIONS.slice(1) };
    await expect(FabricNetwork.start(others)).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });
});
