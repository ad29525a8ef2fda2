/** Every bound of the embedded network in one place. */

export const LIMITS = {
  /** One envelope or proposal; AbsoluteMaxBytes of the channel configuration. */
  envelopeBytes: 10 * 1024 * 1024,
  /** What a gRPC endpoint receives in one message: an envelope with some air. */
  receiveBytes: 12 * 1024 * 1024,
  /** What a gRPC endpoint sends in one message: the largest block. */
  sendBytes: 64 * 1024 * 1024,
  /** One record of a block file. */
  blockBytes: 48 * 1024 * 1024,
  /** Streams and calls at a time on one connection. */
  streamsPerConnection: 1_000,
  /** Proposals at work at a time on one peer. */
  proposals: 2_500,
  /** Calls of the gateway service at work at a time on one peer, waiting ones included. */
  gatewayCalls: 500,
  /** Queries in one discovery request, and chaincodes asked for in all of them. */
  discoveryQueries: 16,
  discoveryChaincodes: 64,
  /** Deliver streams at a time on one endpoint. */
  deliverStreams: 1_000,
  /** Broadcast streams at a time on the orderer. */
  broadcastStreams: 1_000,
  /** Envelopes that wait in the orderer for their block to be written. */
  pendingEnvelopes: 5_000,
  pendingBytes: 64 * 1024 * 1024,
  /** Chaincode executions in flight on one link. */
  executions: 1_000,
  /** Chaincodes that call each other in one transaction, the first one included. */
  callDepth: 16,
  /** Open range and history queries of one transaction. */
  openQueries: 64,
  /** Records that the peer hands to a chaincode at a time. */
  queryBatch: 100,
  /** Records that one query returns in all. */
  queryTotal: 100_000,
  /** Milliseconds for one execution of a chaincode. */
  executionTimeoutMs: 30_000,
  /** Milliseconds until a chaincode server has answered the peer's dial. */
  dialTimeoutMs: 5_000,
  /** Chaincode packages installed on one peer. */
  packages: 256,
  /** What a chaincode package may unpack to, by bytes and by files in it. */
  packageUnpackedBytes: 32 * 1024 * 1024,
  packageEntries: 1_000,
  /** The longest dial_timeout of a chaincode package that counts, in milliseconds. */
  packageDialTimeoutMs: 30_000,
  /** Blocks kept in memory for readers, by bytes. */
  blockCacheBytes: 8 * 1024 * 1024,
  /** Records that a walk through the database reads ahead, by number and bytes. */
  readAheadRecords: 128,
  readAheadBytes: 64 * 1024,
  /** Records that the readers of one height share, by number and by the bytes of each value. */
  keptEntries: 1_024,
  keptEntryBytes: 512,
  /** Milliseconds for all peers to come to one height, to be compared. */
  alignMs: 5_000,
  /** Milliseconds that open calls get to end by themselves when the network closes. */
  closeMs: 2_000,
} as const;
