/** core.yaml of one peer: what it must be told, and what differs from the peer's own defaults. Pure. */
import { listenAddressOf, type PeerNode } from './topology.ts';
import { quoted } from './yaml.ts';

/** A validation plugin that peers load, by the name that chaincode definitions call it. */
export interface ValidationLibrary {
  readonly name: string;
  /** Absolute path of the shared object. */
  readonly file: string;
}

export interface CoreYamlOptions {
  readonly node: PeerNode;
  /** Absolute path of the peer's folder with `msp` and `tls`. */
  readonly keys: string;
  /** Absolute path of its organisation's TLS CA certificate. */
  readonly tlsRoot: string;
  /** Absolute path of the folder of the chaincode builder. */
  readonly builder: string;
  readonly library?: ValidationLibrary;
}

function libraryLines(library: ValidationLibrary | undefined): string {
  if (library === undefined) return '';
  return `
      ${library.name}: {name: DefaultValidation, library: ${quoted(library.file)}}`;
}

/** @returns the whole file. */
export function coreYaml({ node, keys, tlsRoot, builder, library }: CoreYamlOptions): string {
  const { name, mspId, host, port } = node;
  const address = quoted(`${host}:${port}`);
  return `# ${name}. Written anew at each start. As its administrator, with FABRIC_CFG_PATH naming this folder and
# CORE_PEER_MSPCONFIGPATH the administrator's msp folder: peer channel list
peer:
  id: ${name}
  networkId: lamplighter
  localMspId: ${mspId}
  mspConfigPath: ${quoted(`${keys}/msp`)}
  fileSystemPath: data
  address: ${address}
  listenAddress: ${quoted(listenAddressOf(node))}
  chaincodeListenAddress: 127.0.0.1:${node.chaincodePort}
  tls:
    enabled: true
    cert: {file: ${quoted(`${keys}/tls/server.crt`)}}
    key: {file: ${quoted(`${keys}/tls/server.key`)}}
    rootcert: {file: ${quoted(tlsRoot)}}
  authentication: {timewindow: 15m}
  BCCSP: {Default: SW, SW: {Hash: SHA2, Security: 256}}
  client: {connTimeout: 30s}
  gossip:
    # Its organisation's only peer: it gets its blocks from the orderers, and meets the others at their anchors.
    bootstrap: ${address}
    externalEndpoint: ${address}
    useLeaderElection: false
    orgLeader: true
    state: {enabled: false}
    # Seconds earlier than by default that peers know of each other and of their chaincode.
    aliveTimeInterval: 1s
    aliveExpirationTimeout: 10s
    reconnectInterval: 500ms
    publishStateInfoInterval: 1s
    requestStateInfoInterval: 1s
    membershipTrackerInterval: 1s
    pvtData:
      pullRetryThreshold: 60s
      pushAckTimeout: 3s
      transientstoreMaxBlockRetention: 20000
      implicitCollectionDisseminationPolicy: {requiredPeerCount: 0, maxPeerCount: 1}
  # Orderers that are away are asked again every few seconds, not after an hour.
  deliveryclient: {blockGossipEnabled: false, policy: cluster, reConnectBackoffThreshold: 3s, blockCensorshipTimeoutKey: 30s}
  discovery: {enabled: true, authCacheEnabled: true, authCacheMaxSize: 1000, authCachePurgeRetentionRatio: 0.75}
  limits: {concurrency: {endorserService: 2500, deliverService: 2500, gatewayService: 500}}
  handlers:
    authFilters: [{name: DefaultAuth}, {name: ExpirationCheck}, {name: TimeWindowCheck}]
    decorators: [{name: DefaultDecorator}]
    endorsers: {escc: {name: DefaultEndorsement}}
    validators:
      vscc: {name: DefaultValidation}${libraryLines(library)}
# No Docker: chaincode runs as a service.
vm: {endpoint: ""}
chaincode:
  externalBuilders: [{name: lamplighter, path: ${quoted(builder)}}]
  installTimeout: 300s
  startuptimeout: 60s
  executetimeout: 30s
  system: {_lifecycle: enable, cscc: enable, lscc: enable, qscc: enable}
ledger:
  state: {stateDatabase: goleveldb, totalQueryLimit: 100000}
  history: {enableHistoryDatabase: true}
  pvtdataStore: {collElgProcMaxDbBatchSize: 5000, collElgProcDbBatchesInterval: 1000, deprioritizedDataReconcilerInterval: 60m, purgeInterval: 100}
operations:
  listenAddress: 127.0.0.1:${node.operationsPort}
  tls:
    enabled: true
    cert: {file: ${quoted(`${keys}/tls/server.crt`)}}
    key: {file: ${quoted(`${keys}/tls/server.key`)}}
    clientAuthRequired: true
    clientRootCAs: {files: [${quoted(tlsRoot)}]}
metrics: {provider: prometheus}
`;
}
