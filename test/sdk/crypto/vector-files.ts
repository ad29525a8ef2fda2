/**
 * Vector files: a small set of each beside the tests, with its source, and the full ones in a folder beside the repository,
 * which may not be there. Both have one form: a head, and `vectors`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Vector = Readonly<Record<string, string>> & {
  readonly size: number;
  readonly bits: number;
  readonly ivSize: number;
  readonly tagSize: number;
};

export interface VectorFile {
  readonly vectors: readonly Vector[];
  /** What another algorithm of the same name would give. */
  readonly must_not_match?: readonly Vector[];
  readonly common?: Vector;
}

const SMALL = join(__dirname, '../../vectors/crypto');
const FULL = join(__dirname, '../../../../shared/vectors');

/** Where files are: always the small sets, and the full ones when they are there. */
export const vectorFolders: readonly (readonly [kind: string, folder: string])[] = [
  ['small', SMALL],
  ...(existsSync(FULL) ? [['full', FULL] as const] : []),
];

/** @returns undefined when the folder has no such file */
export function vectorFile(folder: string, name: string): VectorFile | undefined {
  const path = join(folder, `${name}.json`);
  if (!existsSync(path)) return undefined;
  return JSON.parse(readFileSync(path, 'utf8')) as VectorFile;
}

/** The bytes of a field in hex. */
export function bytesOf(text: string | undefined): Uint8Array {
  if (text === undefined) throw new Error('the vector has no such field');
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
