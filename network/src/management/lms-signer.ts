/**
 * The manager's proof by its tree (docs/protocol.md §3.3, mauth 3): an HSS signer of two levels (RFC 8554 §6). All keys come from
 * one seed. Leaf n of all signs with leaf n mod 2^h of the lower tree that leaf n / 2^h of the upper one has signed; the upper
 * tree's leaves, which are public, are kept on disk, since growing them takes a second.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  be32,
  concatBytes,
  hkdfSha256,
  LMS_ID_BYTES,
  lmsSet,
  TREE_OTS_TYPE,
  type LmsSet,
} from '@lamplighter/sdk/crypto';
import { readIfThere, sweepUnfinished, writeFileAtomic } from '../atomic-file.ts';
import { lockDirectory } from '../membership/directory-lock.ts';
import { LeafState, type Persist } from './leaf-state.ts';
import { childSecret, LmsTree, type TreeSecret } from './lms-tree.ts';
import { ManagementError } from './management-error.ts';

const SEED_BYTES = 32;
const LMS_SHA256_M24_H5 = 0x0a;
const LMS_SHA256_M24_H10 = 0x0b;
const LMS_SHA256_M24_H20 = 0x0d;
const LEVELS = 2;
/** Leaves reserved at a time (§3.3). */
const STEP = 64;
/** Part of all leaves at which a new assignment is asked for (§3.3). */
const LOW = 1 / 16;
const STATE = 'leaves.json';
const UPPER_LEAVES = 'upper-leaves';

export interface TreeSignerOptions {
  /** Of this tree alone; made when it is missing. A new seed needs a new one. */
  readonly directory: string;
  /** 32 secret bytes. */
  readonly seed: Uint8Array;
  /** Of both levels, 0x0a to 0x0d. @default 0x0b, LMS_SHA256_M24_H10: a million signatures */
  readonly lmsType?: number;
  /** Called once, when one in sixteen leaves is left or fewer: time for a new tree. */
  readonly onLow?: (left: number) => void;
  /** @default writeFileAtomic */
  readonly persist?: Persist;
}

interface Lower {
  readonly index: number;
  readonly tree: LmsTree;
  /** Signature of the upper tree and public key: what stands before this tree's own signature. */
  readonly head: Uint8Array;
}

/** Signs with each leaf once, over all starts and crashes. */
export class TreeSigner implements AsyncDisposable {
  /** 52 bytes: `mkey` of mauth 3. */
  readonly publicKey: Uint8Array;
  readonly #set: LmsSet;
  readonly #secret: TreeSecret;
  readonly #upper: LmsTree;
  readonly #state: LeafState;
  readonly #unlock: () => Promise<void>;
  readonly #onLow: (left: number) => void;
  readonly #closing = new AbortController();
  /** The first leaf that did not sign. */
  #next: number;
  #toldLow = false;
  #lower: Lower | undefined;
  /** A lower tree that is being grown ahead. */
  #ahead: { readonly index: number; readonly tree: Promise<LmsTree | undefined> } | undefined;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    upper: LmsTree,
    secret: TreeSecret,
    state: LeafState,
    unlock: () => Promise<void>,
    onLow: (left: number) => void,
  ) {
    this.publicKey = publicKeyOf(upper);
    this.#set = upper.set;
    this.#upper = upper;
    this.#secret = secret;
    this.#state = state;
    this.#unlock = unlock;
    this.#onLow = onLow;
    this.#next = state.reserved;
  }

  /**
   * Opens a tree's directory, or begins one, and holds it until closed.
   *
   * @throws MembershipError DIRECTORY_IN_USE
   * @throws {@link ManagementError} DIRECTORY_FOREIGN for another seed, STORAGE_DAMAGED, STORAGE_VERSION
   */
  static async open(options: TreeSignerOptions): Promise<TreeSigner> {
    const { directory, persist = writeFileAtomic } = options;
    const set = setOf(options.lmsType ?? LMS_SHA256_M24_H10);
    const secret = secretOf(set, options.seed);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const unlock = await lockDirectory(directory);
    try {
      await sweepUnfinished(directory);
      const stored = await LeafState.read(path.join(directory, STATE), persist);
      const upper = await upperTree(directory, set, secret, stored);
      const state =
        stored ?? (await LeafState.begin(path.join(directory, STATE), publicKeyOf(upper), persist));
      if (!state.isOf(publicKeyOf(upper))) {
        throw new ManagementError(
          'DIRECTORY_FOREIGN',
          `${directory} has the used leaves of a tree from another seed`,
        );
      }
      // After the state, so that these without a state show that it was lost.
      await persist(path.join(directory, UPPER_LEAVES), upper.leaves);
      const signer = new TreeSigner(upper, secret, state, unlock, options.onLow ?? ignore);
      signer.#growAhead(Math.floor(signer.#next / signer.#leavesBelow));
      signer.#warn();
      return signer;
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  /** Signatures that are left. */
  get left(): number {
    return this.#leavesBelow ** LEVELS - this.#next;
  }

  /**
   * Signs with the next leaf, one call after another.
   *
   * @returns an HSS signature
   * @throws {@link ManagementError} TREE_EXHAUSTED, CLOSED; what the disk says when the leaf can not be marked as used
   */
  sign(message: Uint8Array): Promise<Uint8Array> {
    const signature = this.#last.then(() => this.#signNext(message));
    this.#last = signature.catch(ignore);
    return signature;
  }

  /** Waits for what is being signed, and gives the directory back. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await this.#last;
    await this.#ahead?.tree;
    await this.#unlock();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #leavesBelow(): number {
    return 2 ** this.#set.height;
  }

  async #signNext(message: Uint8Array): Promise<Uint8Array> {
    if (this.#closing.signal.aborted) throw closed();
    if (this.left === 0) {
      throw new ManagementError('TREE_EXHAUSTED', 'every leaf of the tree has signed');
    }
    if (this.#next === this.#state.reserved) {
      // A leaf is marked as used before it signs.
      await this.#state.reserveTo(this.#next + Math.min(STEP, this.left));
    }
    const lower = await this.#lowerTree(Math.floor(this.#next / this.#leavesBelow));
    const leaf = this.#next % this.#leavesBelow;
    this.#next += 1;
    this.#warn();
    if (leaf === this.#leavesBelow / 2 && this.left > this.#leavesBelow) {
      this.#growAhead(lower.index + 1);
    }
    return concatBytes(be32(LEVELS - 1), lower.head, lower.tree.sign(leaf, message));
  }

  async #lowerTree(index: number): Promise<Lower> {
    if (this.#lower?.index === index) return this.#lower;
    if (this.#ahead?.index !== index) this.#growAhead(index);
    const tree = await this.#ahead?.tree;
    this.#ahead = undefined;
    if (tree === undefined) throw closed();
    // The upper leaf signs the same key at every start, so its signature is the same, too.
    const head = concatBytes(this.#upper.sign(index, tree.publicKey), tree.publicKey);
    this.#lower = { index, tree, head };
    return this.#lower;
  }

  #growAhead(index: number): void {
    if (index >= this.#leavesBelow) return;
    const { signal } = this.#closing;
    const secret = childSecret(this.#set, this.#secret, index);
    // It can end early only by being closed.
    const tree = LmsTree.grow(this.#set, secret, signal).catch(() => undefined);
    this.#ahead = { index, tree };
  }

  #warn(): void {
    if (this.#toldLow || this.left > this.#leavesBelow ** LEVELS * LOW) return;
    this.#toldLow = true;
    this.#onLow(this.left);
  }
}

function ignore(): void {
  // Nobody asked to be told.
}

function closed(): ManagementError {
  return new ManagementError('CLOSED', 'the tree signer is closed');
}

function publicKeyOf(upper: LmsTree): Uint8Array {
  return concatBytes(be32(LEVELS), upper.publicKey);
}

function setOf(lmsType: number): LmsSet {
  const set = lmsSet(lmsType, TREE_OTS_TYPE);
  if (set === undefined || lmsType < LMS_SHA256_M24_H5 || lmsType > LMS_SHA256_M24_H20) {
    throw new RangeError(`expected an LMS code 0x0a..0x0d, got ${lmsType}`);
  }
  return set;
}

function secretOf(set: LmsSet, seed: Uint8Array): TreeSecret {
  if (seed.length !== SEED_BYTES) {
    throw new RangeError(`expected a seed of ${SEED_BYTES} bytes, got ${seed.length}`);
  }
  const label = Buffer.from('lamplighter.v1 tree');
  const bytes = hkdfSha256(seed, new Uint8Array(0), label, LMS_ID_BYTES + set.hashBytes);
  return { id: bytes.slice(0, LMS_ID_BYTES), seed: bytes.slice(LMS_ID_BYTES) };
}

/** The upper tree from the leaves on disk, when they are those of `stored`; else grown. */
async function upperTree(
  directory: string,
  set: LmsSet,
  secret: TreeSecret,
  stored: LeafState | undefined,
): Promise<LmsTree> {
  const file = path.join(directory, UPPER_LEAVES);
  const leaves = await readIfThere(file);
  if (leaves !== undefined && stored === undefined) {
    throw new ManagementError(
      'STORAGE_DAMAGED',
      `${path.join(directory, STATE)} is missing: nothing says which leaves have signed`,
    );
  }
  const kept = leaves && LmsTree.fromLeaves(set, secret, new Uint8Array(leaves));
  if (kept !== undefined && stored?.isOf(publicKeyOf(kept)) === true) return kept;
  return LmsTree.grow(set, secret);
}
