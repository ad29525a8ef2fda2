/**
 * Files sealed under the master key: `<name>.sealed`, mode 0600, written whole or not at all. What an earlier version kept in
 * the open under `<name>` is sealed at the first start, and its file removed.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { readIfThere, syncDirectory, writeFileAtomic } from '../atomic-file.ts';
import { AtRestError } from './errors.ts';
import type { Sealer } from './sealer.ts';

/** Ending of every sealed file: a directory that has one had a master key. */
export const SEALED = '.sealed';
const FORMAT = 'lamplighter.sealed.v1';
const SECRET_BYTES = 32;

/**
 * @param file path without the ending; its last part is the name it is sealed as
 * @param check throws when an open file is not what it should be: it is left as it is then
 * @returns undefined when there is neither a sealed nor an open file
 * @throws {@link AtRestError} MASTER_KEY_WRONG, SEALED_DAMAGED
 */
export async function readSealed(
  file: string,
  sealer: Sealer,
  check: (bytes: Uint8Array) => void,
): Promise<Uint8Array | undefined> {
  const sealed = await readIfThere(file + SEALED);
  const inTheOpen = await readIfThere(file);
  const bytes = sealed === undefined ? inTheOpen : open(file, sealed, sealer);
  if (bytes === undefined || inTheOpen === undefined) return bytes;
  if (sealed === undefined) {
    check(bytes);
    await writeSealed(file, bytes, sealer);
  }
  // A start that was killed between sealing and removing leaves both, and both are the same.
  if (!inTheOpen.equals(bytes)) {
    throw new AtRestError(
      'SEALED_DAMAGED',
      `${file} and ${file}${SEALED} are both there and differ: move one of them away`,
    );
  }
  await rm(file);
  await syncDirectory(path.dirname(file));
  return new Uint8Array(bytes);
}

/** Replaces the file; on the disk when this resolves. */
export async function writeSealed(file: string, bytes: Uint8Array, sealer: Sealer): Promise<void> {
  const head = Buffer.from(`${FORMAT} ${sealer.keyId}\n`);
  const sealed = sealer.seal(path.basename(file), bytes);
  await writeFileAtomic(file + SEALED, Buffer.concat([head, sealed]), 0o600);
}

/** 32 random bytes, the same at every start. @throws {@link AtRestError} MASTER_KEY_WRONG, SEALED_DAMAGED */
export async function sealedSecret(file: string, sealer: Sealer): Promise<Uint8Array> {
  const parse = (text: Uint8Array): Uint8Array => secretIn(text, file);
  const text = await readSealed(file, sealer, parse);
  if (text !== undefined) return parse(text);
  const secret = randomBytes(SECRET_BYTES);
  await writeSealed(file, Buffer.from(`${secret.toString('hex')}\n`), sealer);
  return new Uint8Array(secret);
}

function secretIn(text: Uint8Array, file: string): Uint8Array {
  const hex = Buffer.from(text).toString('ascii').trim();
  if (!/^[0-9a-f]{64}$/.test(hex)) {
    throw new AtRestError('SEALED_DAMAGED', `${file} does not hold ${SECRET_BYTES} bytes in hex`);
  }
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

function open(file: string, sealed: Buffer, sealer: Sealer): Uint8Array {
  const end = sealed.indexOf('\n');
  const [format, keyId] = sealed.subarray(0, Math.max(0, end)).toString('latin1').split(' ');
  if (format !== FORMAT || keyId === undefined) {
    throw new AtRestError('SEALED_DAMAGED', `${file}${SEALED} is not a ${FORMAT} file`);
  }
  if (keyId !== sealer.keyId) {
    throw new AtRestError(
      'MASTER_KEY_WRONG',
      `${file}${SEALED} was sealed under another master key than the one given`,
    );
  }
  return sealer.open(path.basename(file), new Uint8Array(sealed.subarray(end + 1)));
}
