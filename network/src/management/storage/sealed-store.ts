/**
 * Seals every value of a store at rest (protocol §2.1): XChaCha20-Poly1305 under a key derived from the master key, with a
 * random nonce of 24 bytes each time and the record's key as associated data, so that no record passes for another.
 */
import { hkdfSync, randomBytes } from 'node:crypto';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ManagementError } from '../management-error.ts';
import type { Change, KeyValueStore } from './key-value-store.ts';

const NONCE_BYTES = 24;

/** Seals and opens the values of one node. */
export class Sealer {
  readonly #key: Uint8Array;

  /**
   * @param masterKey 32 bytes
   * @param node id of the node: nodes may share a master key
   * @throws RangeError for a key of another length
   */
  constructor(masterKey: Uint8Array, node: string) {
    if (masterKey.length !== 32) {
      throw new RangeError(`expected a master key of 32 bytes, got ${masterKey.length}`);
    }
    const info = `lamplighter.v1 management storage\0${node}`;
    this.#key = new Uint8Array(hkdfSync('sha256', masterKey, '', info, 32));
  }

  seal(key: string, value: Uint8Array): Uint8Array {
    const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
    const sealed = this.#cipher(nonce, key).encrypt(value);
    return new Uint8Array(Buffer.concat([nonce, sealed]));
  }

  /** @throws {@link ManagementError} STORAGE_DAMAGED, also when the key is another */
  open(key: string, sealed: Uint8Array): Uint8Array {
    try {
      const bytes = Uint8Array.from(sealed);
      const nonce = bytes.subarray(0, NONCE_BYTES);
      return this.#cipher(nonce, key).decrypt(bytes.subarray(NONCE_BYTES));
    } catch (error) {
      const text = `the record ${key} does not open: it was altered, or sealed under another key`;
      throw new ManagementError('STORAGE_DAMAGED', text, { cause: error });
    }
  }

  #cipher(nonce: Uint8Array, key: string): ReturnType<typeof xchacha20poly1305> {
    return xchacha20poly1305(this.#key, nonce, new Uint8Array(Buffer.from(key)));
  }
}

/** A {@link KeyValueStore} whose values are sealed; keys are not. */
export class SealedStore implements KeyValueStore {
  readonly #inner: KeyValueStore;
  readonly #sealer: Sealer;

  constructor(inner: KeyValueStore, sealer: Sealer) {
    this.#inner = inner;
    this.#sealer = sealer;
  }

  async *entries(prefix: string): AsyncGenerator<readonly [string, Uint8Array]> {
    for await (const [key, sealed] of this.#inner.entries(prefix)) {
      yield [key, this.#sealer.open(key, sealed)];
    }
  }

  write(changes: readonly Change[]): Promise<void> {
    return this.#inner.write(
      changes.map(({ key, value }) => ({
        key,
        value: value === null ? null : this.#sealer.seal(key, value),
      })),
    );
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
