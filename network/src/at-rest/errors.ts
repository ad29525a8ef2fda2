/** Errors of what is kept sealed on the disk. */
import { LamplighterError } from '../errors.ts';

/** Stable codes of {@link AtRestError}. */
export type AtRestErrorCode =
  /** The key that everything is sealed under: not there, not 32 bytes in hex, readable by others, another one. */
  | 'MASTER_KEY_MISSING'
  | 'MASTER_KEY_MALFORMED'
  | 'MASTER_KEY_EXPOSED'
  | 'MASTER_KEY_WRONG'
  /** Sealed bytes do not open: they were altered, moved, or sealed under another key. */
  | 'SEALED_DAMAGED';

/** What went wrong, by {@link AtRestErrorCode}. */
export class AtRestError extends LamplighterError<AtRestErrorCode> {}
