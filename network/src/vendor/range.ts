/** `Range` of one part (RFC 9110 §14.2). Pure. */
import { VendorError } from './vendor-error.ts';

/** Bytes `from` to `to`, both included. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * @param header undefined for the whole
 * @returns undefined for the whole; also for units and lists that RFC 9110 lets a server pass over
 * @throws VendorError RANGE_NOT_SATISFIABLE
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  const range =
    first === ''
      ? { from: Math.max(0, size - Number(last)), to: size - 1 }
      : { from: Number(first), to: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
  if (range.from > range.to) {
    throw new VendorError(
      'RANGE_NOT_SATISFIABLE',
      `${String(header)} of an image of ${size} bytes`,
    );
  }
  return range;
}
