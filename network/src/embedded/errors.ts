/** Errors of the embedded network's ledger half: files, ports, endpoints, chaincode link. */
import { LamplighterError } from '../errors.ts';

/** Stable codes; never reused for another meaning. */
export type EmbeddedErrorCode =
  /** An option of the network is missing, of the wrong form or contradicts what is on disk. */
  | 'OPTIONS_INVALID'
  /** Another process works in the state directory. */
  | 'DIRECTORY_IN_USE'
  /** Another process listens on a port that the network needs. */
  | 'PORT_TAKEN'
  /** A block that is not the last one of a block file is damaged. */
  | 'BLOCK_FILE_DAMAGED'
  /** A block does not continue the chain: number, previous hash or data hash are wrong. */
  | 'BLOCK_OUT_OF_CHAIN'
  /** A block, a transaction or a chaincode definition does not exist. */
  | 'NOT_FOUND'
  /** A block could not be written or read; the disk may be full. The node has stopped. */
  | 'STORAGE_FAILED'
  /** A peer's state or history does not hold what was written. The peer has stopped; its next start makes them anew. */
  | 'STATE_DAMAGED'
  /** A protobuf message does not parse, lacks a field or contradicts itself. */
  | 'MESSAGE_MALFORMED'
  /** A transaction of that id stands in a block already. */
  | 'DUPLICATE_TRANSACTION'
  /** The caller may not do this. */
  | 'ACCESS_DENIED'
  /** A bound on work in progress is reached; try again later. */
  | 'BUSY'
  /** The chaincode's server cannot be reached, or its stream broke. */
  | 'CHAINCODE_UNAVAILABLE'
  /** The chaincode took longer than the execution timeout. */
  | 'CHAINCODE_TIMEOUT'
  /** The chaincode said something that the protocol has no place for. */
  | 'CHAINCODE_PROTOCOL'
  /** A call of the gateway service failed; its gRPC status and the nodes' answers are with it. */
  | 'CALL_FAILED'
  /** An operation that this network leaves out. */
  | 'NOT_SERVED'
  /** The network is closing or closed. */
  | 'CLOSED';

/** Thrown by the embedded network on purpose. */
export class EmbeddedError extends LamplighterError<EmbeddedErrorCode> {}

export { messageOf } from '../errors.ts';
