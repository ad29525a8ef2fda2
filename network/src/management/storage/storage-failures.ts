/** What the disk fails with, as codes of ours. Pure. */
import { ManagementError } from '../management-error.ts';

/** LevelDB and the system say it in text only. */
const FULL = /ENOSPC|EDQUOT|No space left on device|Disk quota exceeded/i;

/** STORAGE_FULL when there is no room, STORAGE_FAILED for everything else; an error of ours stays as it is. */
export function storageFailure(error: unknown): ManagementError {
  if (error instanceof ManagementError) return error;
  const texts = textsOf(error);
  const full = texts.some((text) => FULL.test(text));
  return new ManagementError(
    full ? 'STORAGE_FULL' : 'STORAGE_FAILED',
    full
      ? `no room on the disk for this node's state: ${texts.join('; ')}; make room, it goes on by itself`
      : `the disk does not take this node's state: ${texts.join('; ')}`,
    { cause: error },
  );
}

/** True when what failed was the disk. */
export function isStorageFailure(error: unknown): boolean {
  return (
    error instanceof ManagementError &&
    (error.code === 'STORAGE_FULL' || error.code === 'STORAGE_FAILED')
  );
}

/** Code under which an error, or what caused it, is known. */
export function hasCode(error: unknown, code: string): boolean {
  return isLikeError(error) && (error.code === code || hasCode(error.cause, code));
}

function textsOf(error: unknown): string[] {
  if (!isLikeError(error)) return [String(error)];
  const { code, message, cause } = error;
  const own = typeof code === 'string' ? `${code} ${message}` : message;
  return cause === undefined ? [own] : [own, ...textsOf(cause)];
}

/** A native module makes its errors in the realm it was loaded in, so `instanceof` does not tell. */
function isLikeError(
  value: unknown,
): value is { readonly message: string; readonly code?: unknown; readonly cause?: unknown } {
  return typeof value === 'object' && value !== null && 'message' in value;
}
