/**
 * The private side of one LMS tree (RFC 8554 §4 and §5): keys from a secret by its appendix A, leaves, and signatures. Which leaf
 * may sign is not decided here; see lms-signer.ts.
 */
import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  be32,
  concatBytes,
  LMS_ID_BYTES,
  LMS_PURPOSE,
  lmsDigits,
  lmsInput,
  type LmsSet,
} from '@lamplighter/sdk/crypto';

/** I and SEED of RFC 8554 appendix A. */
export interface TreeSecret {
  /** 16 bytes, told in the public key. */
  readonly id: Uint8Array;
  /** As long as a hash of the set. */
  readonly seed: Uint8Array;
}

/** Numbers that no chain has: what else is derived from a SEED. */
const CHILD_ID = 0xffff;
const CHILD_SEED = 0xfffe;
const RANDOMIZER = 0xfffd;
const SECRET_STEP = 0xff;
/** Leaves computed between two turns of the event loop, some milliseconds. */
const LEAVES_A_TURN = 4;

function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer');
}

/** H(I || u32(q) || u16(number) || u8(0xff) || SEED), appendix A's way to a secret. */
function derived(secret: TreeSecret, leaf: number, number: number): Uint8Array {
  return sha256(lmsInput(secret.id, leaf, number, Uint8Array.of(SECRET_STEP), secret.seed));
}

/** The secret of the tree whose public key a leaf signs. */
export function childSecret(set: LmsSet, secret: TreeSecret, leaf: number): TreeSecret {
  return {
    id: derived(secret, leaf, CHILD_ID).slice(0, LMS_ID_BYTES),
    seed: derived(secret, leaf, CHILD_SEED).slice(0, set.hashBytes),
  };
}

/**
 * The values of every chain of a leaf after so many steps, joined.
 *
 * @param steps - of each chain
 */
function chainsOf(
  set: LmsSet,
  secret: TreeSecret,
  leaf: number,
  steps: (chain: number) => number,
): Uint8Array {
  const { hashBytes, chains } = set;
  const values = new Uint8Array(hashBytes * chains);
  // I || u32(q) || u16(i) || u8(j) || value
  const input = lmsInput(secret.id, leaf, 0, new Uint8Array(1 + hashBytes));
  const valueAt = LMS_ID_BYTES + 7;
  for (let chain = 0; chain < chains; chain += 1) {
    input[valueAt - 3] = chain >>> 8;
    input[valueAt - 2] = chain;
    input[valueAt - 1] = SECRET_STEP;
    input.set(secret.seed, valueAt);
    input.set(sha256(input).subarray(0, hashBytes), valueAt);
    const count = steps(chain);
    for (let step = 0; step < count; step += 1) {
      input[valueAt - 1] = step;
      input.set(sha256(input).subarray(0, hashBytes), valueAt);
    }
    values.set(input.subarray(valueAt), hashBytes * chain);
  }
  input.fill(0);
  return values;
}

function leafNode(set: LmsSet, secret: TreeSecret, leaf: number): Uint8Array {
  const { hashBytes, height, width } = set;
  const ends = chainsOf(set, secret, leaf, () => 2 ** width - 1);
  const key = sha256(lmsInput(secret.id, leaf, LMS_PURPOSE.key, ends)).subarray(0, hashBytes);
  return sha256(lmsInput(secret.id, 2 ** height + leaf, LMS_PURPOSE.leaf, key)).subarray(
    0,
    hashBytes,
  );
}

/** One tree that was grown: all its nodes, 2^(h+1) hashes, and its secret. */
export class LmsTree {
  readonly set: LmsSet;
  readonly #secret: TreeSecret;
  /** Node r of RFC 8554 §5.3 at r times the length of a hash. */
  readonly #nodes: Uint8Array;

  private constructor(set: LmsSet, secret: TreeSecret, leaves: Uint8Array) {
    this.set = set;
    this.#secret = secret;
    this.#nodes = concatBytes(new Uint8Array(leaves.length), leaves);
    for (let number = 2 ** set.height - 1; number >= 1; number -= 1) {
      const below = [this.#node(2 * number), this.#node(2 * number + 1)];
      const node = sha256(lmsInput(secret.id, number, LMS_PURPOSE.node, ...below));
      this.#nodes.set(node.subarray(0, set.hashBytes), number * set.hashBytes);
    }
  }

  /** Computes all leaves, letting the event loop run in between. @throws when `signal` says so */
  static async grow(set: LmsSet, secret: TreeSecret, signal?: AbortSignal): Promise<LmsTree> {
    const leaves = new Uint8Array(2 ** set.height * set.hashBytes);
    for (let leaf = 0; leaf < 2 ** set.height; leaf += 1) {
      if (leaf % LEAVES_A_TURN === 0) {
        await nextTurn();
        signal?.throwIfAborted();
      }
      leaves.set(leafNode(set, secret, leaf), leaf * set.hashBytes);
    }
    return new LmsTree(set, secret, leaves);
  }

  /**
   * From leaves that {@link leaves} gave before.
   *
   * @returns undefined when they are not as many as the set has
   */
  static fromLeaves(set: LmsSet, secret: TreeSecret, leaves: Uint8Array): LmsTree | undefined {
    if (leaves.length !== 2 ** set.height * set.hashBytes) return undefined;
    return new LmsTree(set, secret, leaves);
  }

  /** The leaves' nodes, joined; nothing secret. */
  get leaves(): Uint8Array {
    return this.#nodes.slice(2 ** this.set.height * this.set.hashBytes);
  }

  /** RFC 8554 §5.3: u32 LMS code, u32 LM-OTS code, I, root. */
  get publicKey(): Uint8Array {
    const { lmsType, otsType } = this.set;
    return concatBytes(be32(lmsType), be32(otsType), this.#secret.id, this.#node(1));
  }

  /**
   * RFC 8554 §5.4.1. Whoever calls this sees to it that no leaf ever signs two messages. Same leaf and message, same signature.
   *
   * @throws {RangeError} when there is no such leaf
   */
  sign(leaf: number, message: Uint8Array): Uint8Array {
    const { set } = this;
    if (!Number.isInteger(leaf) || leaf < 0 || leaf >= 2 ** set.height) {
      throw new RangeError(`expected a leaf below ${2 ** set.height}, got ${leaf}`);
    }
    const { id } = this.#secret;
    const randomizer = derived(this.#secret, leaf, RANDOMIZER).subarray(0, set.hashBytes);
    const digest = sha256(lmsInput(id, leaf, LMS_PURPOSE.message, randomizer, message));
    const digits = lmsDigits(set, digest.subarray(0, set.hashBytes));
    const chains = chainsOf(set, this.#secret, leaf, (chain) => digits[chain] ?? 0);
    const oneTime = concatBytes(be32(set.otsType), randomizer, chains);
    return concatBytes(be32(leaf), oneTime, be32(set.lmsType), this.#path(leaf));
  }

  #path(leaf: number): Uint8Array {
    const path: Uint8Array[] = [];
    for (let number = 2 ** this.set.height + leaf; number > 1; number = number >>> 1) {
      path.push(this.#node(number ^ 1));
    }
    return concatBytes(...path);
  }

  #node(number: number): Uint8Array {
    const { hashBytes } = this.set;
    return this.#nodes.subarray(number * hashBytes, (number + 1) * hashBytes);
  }
}
