/**
 * The shapes of the catalogue's algorithms. Each is a function with its sizes beside it, and keeps nothing between two calls:
 * what it was given is what it answers to.
 */

/** A block cipher under one key. */
export interface BlockCipher {
  readonly blockBytes: number;
  /** One block, into a new array. */
  encrypt(block: Uint8Array): Uint8Array;
  /** One block, into a new array. */
  decrypt(block: Uint8Array): Uint8Array;
  /**
   * Encrypts each block of `blocks` by itself and in place: what the modes are built on. A cipher computes several at once
   * where that is faster.
   *
   * @param blocks - whole blocks
   */
  encryptBlocks(blocks: Uint8Array): void;
  /**
   * Counter mode in one go, for ciphers whose speed in it matters: `result` = `text` XOR encrypted `counter`, `counter` + 1, …
   * Only `ctr` calls this, with lengths that it has checked.
   *
   * @param counter - the first counter block, big-endian
   */
  encryptCounter?(counter: Uint8Array, text: Uint8Array, result: Uint8Array): void;
}

export interface BlockCipherAlgorithm {
  /** Computes the key schedule, once. */
  (key: Uint8Array): BlockCipher;
  readonly keyBytes: number;
  readonly blockBytes: number;
}

/** Authenticated encryption of one message, as noble has it. */
export interface Aead {
  /** ciphertext || tag */
  encrypt(plaintext: Uint8Array): Uint8Array;
  /**
   * @param sealed - ciphertext || tag
   * @throws Error when the tag is not right, after the same work as when it is
   */
  decrypt(sealed: Uint8Array): Uint8Array;
}

export interface AeadAlgorithm {
  (key: Uint8Array, nonce: Uint8Array, associatedData?: Uint8Array): Aead;
  readonly keyBytes: number;
  /** Of the nonce that the suites use (docs/protocol.md §4); EAX takes any length. */
  readonly nonceBytes: number;
  readonly tagBytes: number;
  /** For many messages under one key, where computing its schedule once saves something. */
  readonly under?: (key: Uint8Array) => (nonce: Uint8Array, associatedData?: Uint8Array) => Aead;
}

/** A hash of a message that comes in pieces: a device reads its flash so. */
export interface RunningHash {
  update(piece: Uint8Array): this;
  /** Ends it. */
  digest(): Uint8Array;
}

export interface Hash {
  (message: Uint8Array): Uint8Array;
  /** For a message in pieces. */
  create(): RunningHash;
  readonly digestBytes: number;
  /** What HMAC pads a key to; of a sponge, its rate. */
  readonly blockBytes: number;
}

export interface Mac {
  (key: Uint8Array, message: Uint8Array): Uint8Array;
  /** Of a key; undefined where any length is taken. */
  readonly keyBytes: number | undefined;
  readonly tagBytes: number;
}

/**
 * A hash with as many bytes as asked for.
 *
 * @param customization - separates uses, for those that take one (cSHAKE, CXOF)
 */
export type Xof = (message: Uint8Array, bytes: number, customization?: Uint8Array) => Uint8Array;
