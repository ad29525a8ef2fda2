/** Secrets of a node that are made at its first start and kept in files of mode 0600. */
import { randomBytes } from 'node:crypto';

import { readIfThere, writeFileAtomic } from './atomic-file.ts';
import { LamplighterError } from './errors.ts';

/** 32 random bytes, the same at every start. @throws LamplighterError STORE_CORRUPT */
export async function secretFile(file: string): Promise<Uint8Array> {
  const text = (await readIfThere(file))?.toString('ascii').trim();
  if (text === undefined) {
    const secret = randomBytes(32);
    await writeFileAtomic(file, `${secret.toString('hex')}\n`, 0o600);
    return new Uint8Array(secret);
  }
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new LamplighterError('STORE_CORRUPT', `${file} does not hold 32 bytes in hex`);
  }
  return new Uint8Array(Buffer.from(text, 'hex'));
}
