/** The catalogue's shape around a hash of @noble/hashes. */
import { abytes, type CHash } from '@noble/hashes/utils.js';
import type { Hash } from './primitives.ts';

/** What this takes of a hash of @noble/hashes. */
type NobleHash = Pick<CHash, 'create' | 'outputLen' | 'blockLen'> & ((m: Uint8Array) => Uint8Array);

export function nobleHash(hash: NobleHash): Hash {
  return Object.assign((message: Uint8Array) => hash(abytes(message, undefined, 'message')), {
    create: () => hash.create(),
    digestBytes: hash.outputLen,
    blockBytes: hash.blockLen,
  });
}
