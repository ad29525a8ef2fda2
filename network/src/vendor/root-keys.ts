/**
 * The vendor's root keys (protocol §7.1): k of n sign what devices take, and move generation by generation, each signed by k of
 * the old and k of the new. Until the first rotation the release key alone is the roots. Secrets are sealed at rest; the
 * signed generations are kept for devices that slept.
 */
import { randomBytes } from 'node:crypto';

import { ed25519PublicKey, newEd25519Signer, signEnvelope } from '@lamplighter/sdk/crypto';
import type { EnvelopeSigner } from '@lamplighter/sdk/crypto';
import { encodeRoots, encodeSigned, equalBytes, type VendorRoots } from '@lamplighter/sdk/wire';

import { readSealed, writeSealed } from '../at-rest/sealed-file.ts';
import type { Sealer } from '../at-rest/sealer.ts';
import { VendorError } from './vendor-error.ts';

/** Signatures that one envelope holds: a rotation has k old and k new ones. */
const SIGNATURES_MOST = 8;
/** Generation that devices are made with before any rotation; 0 leads to it. */
const FIRST_GENERATION = 1;

/** How many keys the next generation has, and how many of them sign. */
export interface RootsOrder {
  readonly k: number;
  readonly n: number;
}

interface Stored {
  readonly gen: number;
  readonly k: number;
  /** Ed25519 seeds of the present generation, hex. */
  readonly secrets: readonly string[];
  /** Signed `roots` from the first rotation on, hex, oldest first. */
  readonly chain: readonly string[];
}

/** See the module comment. */
export class RootKeys {
  readonly #file: string;
  readonly #sealer: Sealer;
  readonly #releaseKey: Uint8Array;
  #stored: Stored;
  #rotating: Promise<unknown> = Promise.resolve();

  private constructor(file: string, sealer: Sealer, releaseKey: Uint8Array, stored: Stored) {
    this.#file = file;
    this.#sealer = sealer;
    this.#releaseKey = releaseKey;
    this.#stored = stored;
  }

  /**
   * @param file path without the ending of sealed files
   * @throws {@link AtRestError} MASTER_KEY_WRONG, SEALED_DAMAGED; VendorError STORE_CORRUPT
   */
  static async open(file: string, sealer: Sealer, releaseKey: Uint8Array): Promise<RootKeys> {
    const bytes = await readSealed(file, sealer, (text) => void parse(file, text));
    const first = { gen: FIRST_GENERATION, k: 1, secrets: [hex(releaseKey)], chain: [] };
    const stored = bytes === undefined ? first : parse(file, bytes);
    return new RootKeys(file, sealer, releaseKey, stored);
  }

  /** True once devices can not be told by the release key alone. */
  get rotated(): boolean {
    return this.#stored.chain.length > 0;
  }

  get roots(): VendorRoots {
    const { gen, k, secrets } = this.#stored;
    return { gen, k, keys: secrets.map((secret) => keyOf(bytesOf(secret))) };
  }

  /**
   * Signed generations after `gen`, in order; all that is public. Devices made with generation 0 have the release key under that
   * number: the step to 1 is signed by the same key twice over.
   */
  after(gen: number): readonly Uint8Array[] {
    const later = this.#stored.chain.slice(Math.max(0, gen - FIRST_GENERATION)).map(bytesOf);
    return gen < FIRST_GENERATION && this.rotated ? [this.#firstStep(), ...later] : later;
  }

  #firstStep(): Uint8Array {
    const first = { gen: FIRST_GENERATION, k: 1, keys: [keyOf(this.#releaseKey)] };
    const signer = newEd25519Signer(this.#releaseKey);
    return encodeSigned(signEnvelope('roots', encodeRoots(first), signer));
  }

  /**
   * Who signs now: k of the present keys, and the release key, by which the ledger knows the vendor. To devices that have
   * other roots it is an unknown key, which they pass over.
   */
  get signers(): readonly EnvelopeSigner[] {
    const { k, secrets } = this.#stored;
    const keys = secrets.slice(0, k).map(bytesOf);
    const known = keys.some((key) => equalBytes(key, this.#releaseKey));
    return (known ? keys : [...keys, this.#releaseKey]).map(newEd25519Signer);
  }

  /**
   * The next generation, with fresh keys: on the disk when this resolves.
   *
   * @throws RangeError unless 1 <= k <= n <= 8 and both generations' signatures fit one envelope
   */
  rotate(order: RootsOrder): Promise<VendorRoots> {
    const rotated = this.#rotating.then(() => this.#rotate(order));
    this.#rotating = rotated.catch(() => undefined);
    return rotated;
  }

  async #rotate({ k, n }: RootsOrder): Promise<VendorRoots> {
    const old = this.#stored;
    const most = Math.min(n, SIGNATURES_MOST - old.k, SIGNATURES_MOST - 1);
    if (!Number.isInteger(n) || n < 1 || n > SIGNATURES_MOST) {
      throw new RangeError(`expected 1 to ${SIGNATURES_MOST} keys, got ${n}`);
    }
    if (!Number.isInteger(k) || k < 1 || k > most) {
      throw new RangeError(`expected 1 to ${most} signatures, got ${k}`);
    }
    const secrets = Array.from({ length: n }, () => new Uint8Array(randomBytes(32)));
    const roots = { gen: old.gen + 1, k, keys: secrets.map(keyOf) };
    const signing = [...old.secrets.slice(0, old.k).map(bytesOf), ...secrets.slice(0, k)];
    const signed = signEnvelope('roots', encodeRoots(roots), ...signing.map(newEd25519Signer));
    const next = {
      gen: roots.gen,
      k,
      secrets: secrets.map(hex),
      chain: [...old.chain, hex(encodeSigned(signed))],
    };
    await writeSealed(this.#file, Buffer.from(JSON.stringify(next)), this.#sealer);
    this.#stored = next;
    return roots;
  }
}

function keyOf(secret: Uint8Array): VendorRoots['keys'][number] {
  return { alg: 1, key: ed25519PublicKey(secret) };
}

/** @throws VendorError STORE_CORRUPT */
function parse(file: string, bytes: Uint8Array): Stored {
  try {
    const { gen, k, secrets, chain } = JSON.parse(Buffer.from(bytes).toString('utf8')) as Stored;
    const right =
      Number.isSafeInteger(gen) &&
      Number.isSafeInteger(k) &&
      secrets.length >= k &&
      chain.length > 0;
    if (right) return { gen, k, secrets, chain };
  } catch (cause) {
    throw new VendorError('STORE_CORRUPT', `${file} does not hold root keys`, { cause });
  }
  throw new VendorError('STORE_CORRUPT', `${file} does not hold root keys`);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}
