/**
 * configtx.yaml, of which `configtxgen` makes the channel's block 0: who the members are, who orders, which majorities change
 * what. Pure; the paths in it are as seen from the folder that it lies in.
 */
import type { OrdererNode, PeerNode, Topology } from './topology.ts';
import { quoted } from './yaml.ts';

export const PROFILE = 'City';

/** When a block is cut. */
export interface Batch {
  /** Transactions in a block, at most. */
  readonly maxMessageCount: number;
  /** Milliseconds from a block's first transaction to its cut, at most. */
  readonly timeoutMs: number;
}

export interface ConfigtxOptions {
  readonly topology: Topology;
  readonly batch: Batch;
  /** Path of an organisation's MSP folder. */
  readonly mspFolderOf: (node: OrdererNode | PeerNode) => string;
  /** Path of an orderer's own folder, with `msp/signcerts` and `tls`. */
  readonly keyFolderOf: (node: OrdererNode) => string;
}

/** The first node of each organisation, in order. */
function byOrganisation<T extends OrdererNode | PeerNode>(nodes: readonly T[]): readonly T[][] {
  const groups = new Map<string, T[]>();
  for (const node of nodes) groups.set(node.mspId, [...(groups.get(node.mspId) ?? []), node]);
  return [...groups.values()];
}

function signaturePolicies(policies: Readonly<Record<string, string>>): string {
  const lines = Object.entries(policies).map(
    ([name, rule]) => `      ${name}: {Type: Signature, Rule: ${quoted(rule)}}`,
  );
  return ['    Policies:', ...lines].join('\n');
}

function organisationHead(mspId: string, folder: string): string {
  return `  - &${mspId}
    Name: ${mspId}
    ID: ${mspId}
    MSPDir: ${quoted(folder)}`;
}

function ordererOrganisation(nodes: readonly OrdererNode[], options: ConfigtxOptions): string {
  const [{ mspId }] = nodes as [OrdererNode];
  const endpoints = nodes.map(({ host, port }) => quoted(`${host}:${port}`)).join(', ');
  const member = `OR('${mspId}.member')`;
  return `${organisationHead(mspId, options.mspFolderOf(nodes[0] as OrdererNode))}
    OrdererEndpoints: [${endpoints}]
${signaturePolicies({ Readers: member, Writers: member, Admins: `OR('${mspId}.admin')` })}`;
}

function peerOrganisation(nodes: readonly PeerNode[], options: ConfigtxOptions): string {
  const [{ mspId }] = nodes as [PeerNode];
  const anchors = nodes.map(({ host, port }) => `{Host: ${quoted(host)}, Port: ${port}}`);
  return `${organisationHead(mspId, options.mspFolderOf(nodes[0] as PeerNode))}
    # Without anchors, peers of other organisations are not discovered.
    AnchorPeers: [${anchors.join(', ')}]
${signaturePolicies({
  Readers: `OR('${mspId}.admin', '${mspId}.peer', '${mspId}.client')`,
  Writers: `OR('${mspId}.admin', '${mspId}.client')`,
  Admins: `OR('${mspId}.admin')`,
  Endorsement: `OR('${mspId}.peer')`,
})}`;
}

function consenter(node: OrdererNode, index: number, options: ConfigtxOptions): string {
  const folder = options.keyFolderOf(node);
  const tls = quoted(`${folder}/tls/server.crt`);
  return `        - ID: ${index + 1}
          Host: ${quoted(node.host)}
          Port: ${node.port}
          MSPID: ${node.mspId}
          Identity: ${quoted(`${folder}/msp/signcerts/${node.name}-cert.pem`)}
          ClientTLSCert: ${tls}
          ServerTLSCert: ${tls}`;
}

const CHANNEL_POLICIES = `Policies:
      Readers: {Type: ImplicitMeta, Rule: "ANY Readers"}
      Writers: {Type: ImplicitMeta, Rule: "ANY Writers"}
      Admins: {Type: ImplicitMeta, Rule: "MAJORITY Admins"}`;
const SECTION_POLICIES = CHANNEL_POLICIES.replaceAll('\n  ', '\n    ');

/** @returns the whole file. */
export function configtxYaml(options: ConfigtxOptions): string {
  const { topology, batch } = options;
  const { orderers, peers } = topology;
  const aliases = (nodes: readonly (OrdererNode | PeerNode)[]): string =>
    byOrganisation(nodes)
      .map(([node]) => `*${node?.mspId ?? ''}`)
      .join(', ');
  return `# Of this file configtxgen made block 0 of the channel ${topology.channel}. A channel that exists is changed by a
# configuration update, not here.
Organizations:
${byOrganisation(orderers)
  .map((nodes) => ordererOrganisation(nodes, options))
  .join('\n')}
${byOrganisation(peers)
  .map((nodes) => peerOrganisation(nodes, options))
  .join('\n')}

Profiles:
  ${PROFILE}:
    ${CHANNEL_POLICIES}
    Capabilities: {V3_0: true}
    Orderer:
      OrdererType: BFT
      Organizations: [${aliases(orderers)}]
      ${SECTION_POLICIES}
        BlockValidation: {Type: ImplicitMeta, Rule: "ANY Writers"}
      Capabilities: {V2_0: true}
      # BFT does not look at it: RequestBatchMaxInterval decides.
      BatchTimeout: ${batch.timeoutMs}ms
      BatchSize: {MaxMessageCount: ${batch.maxMessageCount}, AbsoluteMaxBytes: 10 MB, PreferredMaxBytes: 2 MB}
      # A follower that got a transaction hands it to the leader after RequestForwardTimeout and complains of the leader after
      # RequestComplainTimeout; a leader that is silent for LeaderHeartbeatTimeout is replaced.
      SmartBFT:
        RequestBatchMaxInterval: ${batch.timeoutMs}ms
        RequestForwardTimeout: 500ms
        RequestComplainTimeout: 3s
        RequestAutoRemoveTimeout: 3m0s
        ViewChangeResendInterval: 1s
        ViewChangeTimeout: 5s
        LeaderHeartbeatTimeout: 5s
        LeaderHeartbeatCount: 10
        CollectTimeout: 1s
        IncomingMessageBufferSize: 200
        RequestPoolSize: 100000
      ConsenterMapping:
${orderers.map((node, index) => consenter(node, index, options)).join('\n')}
    Application:
      Organizations: [${aliases(peers)}]
      ${SECTION_POLICIES}
        LifecycleEndorsement: {Type: ImplicitMeta, Rule: "MAJORITY Endorsement"}
        Endorsement: {Type: ImplicitMeta, Rule: "MAJORITY Endorsement"}
      Capabilities: {V2_5: true}
`;
}
