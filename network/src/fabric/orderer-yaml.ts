/** orderer.yaml of one orderer: what it must be told, and what differs from the orderer's own defaults. Pure. */
import { listenAddressOf, type OrdererNode } from './topology.ts';
import { quoted } from './yaml.ts';

export interface OrdererYamlOptions {
  readonly node: OrdererNode;
  /** Absolute path of the orderer's folder with `msp` and `tls`. */
  readonly keys: string;
  /** Absolute path of its organisation's TLS CA certificate: administrators show a certificate of it. */
  readonly tlsRoot: string;
  /** Absolute paths of all orderers' TLS CA certificates, for the connections between them. */
  readonly clusterTlsRoots: readonly string[];
}

/** @returns the whole file. */
export function ordererYaml({ node, keys, tlsRoot, clusterTlsRoots }: OrdererYamlOptions): string {
  const certificate = quoted(`${keys}/tls/server.crt`);
  const key = quoted(`${keys}/tls/server.key`);
  const adminTls = `TLS:
    Enabled: true
    Certificate: ${certificate}
    PrivateKey: ${key}
    ClientAuthRequired: true
    ClientRootCAs: [${quoted(tlsRoot)}]`;
  return `# ${node.name}. Written anew at each start. As its administrator:
# osnadmin channel list -o 127.0.0.1:${node.adminPort} --ca-file … --client-cert … --client-key …
General:
  ListenAddress: ${listenAddressOf(node).split(':')[0] ?? ''}
  ListenPort: ${node.port}
  TLS:
    Enabled: true
    Certificate: ${certificate}
    PrivateKey: ${key}
    RootCAs: [${quoted(tlsRoot)}]
  LocalMSPID: ${node.mspId}
  LocalMSPDir: ${quoted(`${keys}/msp`)}
  BootstrapMethod: none
  Authentication: {TimeWindow: 15m}
  Cluster:
    ClientCertificate: ${certificate}
    ClientPrivateKey: ${key}
    RootCAs: [${clusterTlsRoots.map(quoted).join(', ')}]
    DialTimeout: 5s
    RPCTimeout: 7s
    ReplicationBufferSize: 20971520
    ReplicationPullTimeout: 5s
    ReplicationRetryTimeout: 5s
    SendBufferSize: 100
    ReplicationPolicy: consensus
ChannelParticipation: {Enabled: true, MaxRequestBodySize: 1 MB}
FileLedger: {Location: data/ledger}
Consensus: {WALDir: data/wal, SnapDir: data/snapshots}
Admin:
  ListenAddress: 127.0.0.1:${node.adminPort}
  ${adminTls}
Operations:
  ListenAddress: 127.0.0.1:${node.operationsPort}
  ${adminTls}
Metrics: {Provider: prometheus}
`;
}
