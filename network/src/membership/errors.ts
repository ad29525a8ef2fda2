/** Errors of a network's directory; those of identities are in identity-errors.ts. */
import { LamplighterError } from '../errors.ts';

/** Stable codes; never reused for another meaning. */
export type MembershipErrorCode =
  /** An option is of the wrong form, or contradicts what is on disk. */
  | 'OPTIONS_INVALID'
  /** Another process works in the directory. */
  | 'DIRECTORY_IN_USE';

/** Thrown on purpose where a network's members, ports and directory are set up. */
export class MembershipError extends LamplighterError<MembershipErrorCode> {}
