/** Argument checks of the extendable-output functions that take no customization. */
import { anumber } from '@noble/hashes/utils.js';

/**
 * @returns `bytes`
 * @throws {@link RangeError} below 1, or with a customization
 */
export function xofLength(name: string, bytes: number, customization?: Uint8Array): number {
  if (customization !== undefined && customization.length > 0) {
    throw new RangeError(`${name} takes no customization`);
  }
  anumber(bytes, 'bytes');
  if (bytes === 0) throw new RangeError('"bytes" expected at least 1, got 0');
  return bytes;
}
