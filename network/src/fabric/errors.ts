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
  /** An inventory is no JSON, or lacks, has too much of or misspells a field. */
  | 'INVENTORY_MALFORMED'
  /** An inventory spells a name, a domain or an MSP id as none can be. */
  | 'INVENTORY_NAME_INVALID'
  /** An address of an inventory is no host and port that others could dial. */
  | 'INVENTORY_ADDRESS_INVALID'
  /** An inventory has an organisation, a node or an address twice. */
  | 'INVENTORY_DUPLICATE'
  /** An inventory has fewer organisations or orderers than can go on without one. */
  | 'INVENTORY_TOO_FEW'
  /** The network is closing or closed. */
  | 'CLOSED';

/** Thrown on purpose by everything that runs Fabric's programs. */
export class FabricError extends LamplighterError<FabricErrorCode> {}
