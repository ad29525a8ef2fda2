/** Errors of a network of Fabric's own programs. */
import { LamplighterError } from '../errors.ts';

/** Stable codes; never reused for another meaning. */
export type FabricErrorCode =
  /** Programs of Fabric are missing, cannot be run or are of another version. */
  | 'BINARIES_MISSING'
  /** An option is of the wrong form, or contradicts what is on disk. */
  | 'OPTIONS_INVALID'
  /** One of Fabric's commands failed; its own words are in the message. */
  | 'COMMAND_FAILED'
  /** A node ended by itself, again and again. */
  | 'NODE_ENDED'
  /** A node, or all together, did not come to work within the time for it. */
  | 'NOT_IN_TIME'
  /** An organisation or a node is not in the network. */
  | 'NOT_FOUND'
  /** What a node answered is no answer. */
  | 'ANSWER_MALFORMED'
  /** More organisations hold stake than a policy can have coalitions of. */
  | 'TOO_MANY_ORGANISATIONS'
  /** There is no stake table, or nobody decides by it. */
  | 'NO_COALITION'
  /** The network is closing or closed. */
  | 'CLOSED';

/** Thrown on purpose by everything that runs Fabric's programs. */
export class FabricError extends LamplighterError<FabricErrorCode> {}
