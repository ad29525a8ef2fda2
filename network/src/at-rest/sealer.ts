/**
 * Seals bytes at rest (protocol §2.1): XChaCha20-Poly1305 under a key derived from the master key, with a random nonce of
 * 24 bytes each time and the bytes' name as associated data, so that nothing passes for anything else.
 */
import { hkdfSync, randomBytes } from 'node:crypto';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { AtRestError } from './errors.ts';

const NONCE_BYTES = 24;
const KEY_ID_BYTES = 8;

/** Whose bytes: nodes may share a master key. */
export type Room = 'management storage' | 'vendor storage';

/** Seals and opens the bytes of one node. */
export class Sealer {
  readonly #key: Uint8Array;
  /** Tells one master key from another, and nothing about it; hex. */
  readonly keyId: string;

  /**
   * @param masterKey 32 bytes
   * @param node id of the node
   * @throws RangeError for a key of another length
   */
  constructor(masterKey: Uint8Array, node: string, room: Room = 'management storage') {
    if (masterKey.length !== 32) {
      throw new RangeError(`expected a master key of 32 bytes, got ${masterKey.length}`);
    }
    const derive = (purpose: string, bytes: number): Buffer =>
      Buffer.from(
        hkdfSync('sha256', masterKey, '', `lamplighter.v1 ${room}${purpose}\0${node}`, bytes),
      );
    this.#key = new Uint8Array(derive('', 32));
    this.keyId = derive(' key id', KEY_ID_BYTES).toString('hex');
  }

  seal(name: string, bytes: Uint8Array): Uint8Array {
    const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
    const sealed = this.#cipher(nonce, name).encrypt(bytes);
    return new Uint8Array(Buffer.concat([nonce, sealed]));
  }

  /** @throws {@link AtRestError} SEALED_DAMAGED, also when the key is another */
  open(name: string, sealed: Uint8Array): Uint8Array {
    try {
      const bytes = Uint8Array.from(sealed);
      const nonce = bytes.subarray(0, NONCE_BYTES);
      return this.#cipher(nonce, name).decrypt(bytes.subarray(NONCE_BYTES));
    } catch (error) {
      const text = `${name} does not open: it was altered, or sealed under another key`;
      throw new AtRestError('SEALED_DAMAGED', text, { cause: error });
    }
  }

  #cipher(nonce: Uint8Array, name: string): ReturnType<typeof xchacha20poly1305> {
    return xchacha20poly1305(this.#key, nonce, new Uint8Array(Buffer.from(name)));
  }
}
