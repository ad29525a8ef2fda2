/** The texts of configuration files; that Fabric's programs take them is seen where those are (network.test.ts). */
import { configtxYaml } from '../../../network/src/fabric/configtx.ts';
import { coreYaml } from '../../../network/src/fabric/core-yaml.ts';
import { ordererYaml } from '../../../network/src/fabric/orderer-yaml.ts';
import { newTopology } from './topologies.ts';

const topology = newTopology();

describe('configtxYaml', () => {
  const text = configtxYaml({
    topology,
    batch: { maxMessageCount: 500, timeoutMs: 100 },
    mspFolderOf: ({ mspId }) => `../${mspId}/msp`,
    keyFolderOf: ({ name }) => `../${name}`,
  });
  const lines = text.split('\n').map((line) => line.trim());

  it('has every organisation once, with where its nodes are', () => {
    const organisations = lines.filter((line) => line.startsWith('- &'));
    expect(organisations).toEqual(
      ['NorthlightOrderer', 'HeliosOrderer', 'MeridianOrderer', 'CityOrderer']
        .concat('Northlight', 'Helios', 'Meridian')
        .map((name) => `- &${name}MSP`),
    );
    for (const { host, port } of topology.peers) {
      expect(text).toContain(`AnchorPeers: [{Host: "${host}", Port: ${port}}]`);
    }
    for (const { host, port } of topology.orderers) {
      expect(text).toContain(`OrdererEndpoints: ["${host}:${port}"]`);
    }
    expect(lines).toContain(
      'Organizations: [*NorthlightOrdererMSP, *HeliosOrdererMSP, *MeridianOrdererMSP, *CityOrdererMSP]',
    );
    expect(lines).toContain('Organizations: [*NorthlightMSP, *HeliosMSP, *MeridianMSP]');
    expect(lines).toContain('MSPDir: "../HeliosMSP/msp"');
  });

  it('has every orderer as a consenter, with an id, its identity and its TLS certificate', () => {
    expect(lines.filter((line) => line.startsWith('- ID:'))).toEqual(
      [1, 2, 3, 4].map((id) => `- ID: ${id}`),
    );
    for (const { name, mspId, port } of topology.orderers) {
      const at = lines.indexOf(`Identity: "../${name}/msp/signcerts/${name}-cert.pem"`);
      expect(lines.slice(at - 2, at + 3)).toEqual([
        `Port: ${port}`,
        `MSPID: ${mspId}`,
        lines[at],
        `ClientTLSCert: "../${name}/tls/server.crt"`,
        `ServerTLSCert: "../${name}/tls/server.crt"`,
      ]);
    }
  });

  it('orders by BFT, and is not idle for long when a leader is lost', () => {
    expect(lines).toEqual(
      expect.arrayContaining([
        'OrdererType: BFT',
        'Capabilities: {V3_0: true}',
        'RequestBatchMaxInterval: 100ms',
        'RequestForwardTimeout: 500ms',
        'LeaderHeartbeatTimeout: 5s',
        'BatchSize: {MaxMessageCount: 500, AbsoluteMaxBytes: 10 MB, PreferredMaxBytes: 2 MB}',
      ]),
    );
  });

  it('asks a majority of organisations to replace a chaincode', () => {
    expect(text).toContain(
      'LifecycleEndorsement: {Type: ImplicitMeta, Rule: "MAJORITY Endorsement"}',
    );
  });

  it('puts orderers of one organisation together', () => {
    const more = configtxYaml({
      topology: newTopology(5),
      batch: { maxMessageCount: 1, timeoutMs: 1 },
      mspFolderOf: () => 'msp',
      keyFolderOf: () => 'keys',
    });
    expect(more.match(/- &CityOrdererMSP/g)).toHaveLength(1);
    expect(more).toMatch(/OrdererEndpoints: \["127\.0\.0\.1:\d+", "127\.0\.0\.1:\d+"\]/);
  });
});

describe('coreYaml', () => {
  const node = topology.peers[0]!;
  const options = { node, keys: '/keys of "us"', tlsRoot: '/root', builder: '/builder' };

  it('names the peer, its keys, its addresses and its builder', () => {
    const text = coreYaml(options);
    expect(text).toContain(`id: ${node.name}\n`);
    expect(text).toContain(`localMspId: NorthlightMSP\n`);
    expect(text).toContain(`address: "127.0.0.1:${node.port}"\n`);
    expect(text).toContain('mspConfigPath: "/keys of \\"us\\"/msp"');
    expect(text).toContain('externalBuilders: [{name: lamplighter, path: "/builder"}]');
    expect(text).toContain(`listenAddress: 127.0.0.1:${node.operationsPort}\n`);
    expect(text).toContain('vm: {endpoint: ""}');
  });

  it('loads a validation plugin only when there is one', () => {
    expect(coreYaml(options)).not.toContain('library');
    const library = { name: 'lamplighter-stake', file: '/plugins/stake.so' };
    expect(coreYaml({ ...options, library })).toContain(
      `validators:
      vscc: {name: DefaultValidation}
      lamplighter-stake: {name: DefaultValidation, library: "/plugins/stake.so"}\n`,
    );
  });
});

describe('ordererYaml', () => {
  it('names the orderer, its keys and its addresses, and trusts all orderers', () => {
    const node = topology.orderers[3]!;
    const text = ordererYaml({
      node,
      keys: '/keys',
      tlsRoot: '/root',
      clusterTlsRoots: ['/root', '/other'],
    });
    expect(text).toContain(`ListenPort: ${node.port}\n`);
    expect(text).toContain('LocalMSPID: CityOrdererMSP\n');
    expect(text).toContain('LocalMSPDir: "/keys/msp"\n');
    expect(text).toContain('RootCAs: ["/root", "/other"]\n');
    expect(text).toContain(`ListenAddress: 127.0.0.1:${node.adminPort}\n`);
    expect(text).toContain(`ListenAddress: 127.0.0.1:${node.operationsPort}\n`);
    expect(text.match(/ClientAuthRequired: true/g)).toHaveLength(2);
    expect(text).toContain('BootstrapMethod: none\n');
  });
});
