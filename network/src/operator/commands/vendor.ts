/** `lamplighter vendor rotate-roots`: a vendor of a running city takes its next generation of root keys. */
import { resolve } from 'node:path';
import { OperatorError } from '../errors.ts';
import { readOperatorFile } from '../operator-file.ts';
import { askVendor } from '../vendor-request.ts';

export interface RotateRootsFlags {
  readonly directory: string;
  /** Keys of the next generation. */
  readonly keys: number;
  /** How many of them sign. */
  readonly threshold: number;
}

/** @throws {OperatorError} CITY_NOT_RUNNING, OPTION_INVALID, REQUEST_REFUSED */
export async function rotateRoots(vendor: string, flags: RotateRootsFlags): Promise<void> {
  const entries = readOperatorFile(resolve(flags.directory));
  const entry = entries.find((each) => each.vendor === vendor);
  if (entry === undefined) {
    const vendors = entries.map((each) => each.vendor).join(', ');
    throw new OperatorError('OPTION_INVALID', `expected one of ${vendors}, got "${vendor}"`);
  }
  const { keys, threshold } = flags;
  const answer = await askVendor(entry, 'roots', { keys, threshold });
  process.stdout.write(
    `${vendor}: generation ${String(answer['gen'])}, ${threshold} of ${keys} keys sign; devices hear of it before the next release\n`,
  );
}
