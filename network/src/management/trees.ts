/**
 * The trees by which a node proves itself to lightweight devices (protocol §3.3, mauth 3): the newest is for new assignments,
 * earlier ones for the devices that still have theirs. When the newest comes to its end, the next is grown.
 */
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { hkdfSha256 } from '@lamplighter/sdk/crypto';
import { toHex } from '@lamplighter/sdk/wire';
import { TreeSigner } from './lms-signer.ts';
import { ManagementError } from './management-error.ts';

const SEED_BYTES = 32;
const NUMBER = /^\d{1,6}$/;

export interface TreesOptions {
  /** Of all trees; made when it is missing. */
  readonly directory: string;
  /** 32 secret bytes that every tree comes from. */
  readonly master: Uint8Array;
  /** @default LMS_SHA256_M24_H10 */
  readonly lmsType?: number;
  /** A new tree is there, 52 bytes: the ledger is to know it. */
  readonly onRenewed: (treeKey: Uint8Array) => void;
  /** A tree could not be grown or opened. */
  readonly onFault: (error: unknown) => void;
}

export class Trees implements AsyncDisposable {
  readonly #options: TreesOptions;
  /** By public key, hex; the newest last. */
  readonly #signers = new Map<string, TreeSigner>();
  #number = -1;
  /** Trees with few leaves left, by public key. */
  readonly #low = new Set<string>();
  #growing: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(options: TreesOptions) {
    this.#options = options;
  }

  /**
   * Opens the trees of earlier starts, or grows the first: about a second of work.
   *
   * @throws as {@link TreeSigner.open}
   */
  static async open(options: TreesOptions): Promise<Trees> {
    const trees = new Trees(options);
    try {
      await mkdir(options.directory, { recursive: true, mode: 0o700 });
      const numbers = (await readdir(options.directory)).filter((name) => NUMBER.test(name));
      for (const number of numbers.map(Number).sort((a, b) => a - b)) await trees.#add(number);
      if (trees.#needsNext) await trees.#add(trees.#number + 1);
      return trees;
    } catch (error) {
      await trees.close();
      throw error;
    }
  }

  /** Public key of the tree for new assignments, 52 bytes. */
  get newest(): Uint8Array {
    const newest = [...this.#signers.values()].at(-1);
    if (newest === undefined) throw new TypeError('expected a tree');
    return newest.publicKey;
  }

  /** Whether an assignment under this key should be renewed: few leaves are left. */
  isEnding(treeKey: Uint8Array): boolean {
    return this.#low.has(toHex(treeKey));
  }

  /**
   * Signs by a leaf that is marked used on the disk.
   *
   * @param treeKey the assignment's `mkey`
   * @throws {@link ManagementError} TREE_UNKNOWN, TREE_EXHAUSTED, CLOSED
   */
  async sign(treeKey: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
    const signer = this.#signers.get(toHex(treeKey));
    if (signer === undefined) {
      throw new ManagementError('TREE_UNKNOWN', 'the assignment names a tree that is not here');
    }
    return signer.sign(message);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#growing;
    for (const signer of this.#signers.values()) await signer.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #needsNext(): boolean {
    return this.#signers.size === 0 || this.isEnding(this.newest);
  }

  async #add(number: number): Promise<void> {
    const { directory, master, lmsType } = this.#options;
    const info = Buffer.from(`lamplighter.v1 manager tree\0${number}`);
    const state: { key?: string; low: boolean } = { low: false };
    const signer = await TreeSigner.open({
      directory: path.join(directory, String(number)),
      seed: hkdfSha256(master, new Uint8Array(0), info, SEED_BYTES),
      ...(lmsType === undefined ? {} : { lmsType }),
      onLow: () => {
        state.low = true;
        // While it is being opened, its key is not known yet.
        if (state.key !== undefined) this.#ending(state.key);
      },
    });
    state.key = toHex(signer.publicKey);
    this.#number = number;
    this.#signers.set(state.key, signer);
    if (state.low) this.#low.add(state.key);
  }

  #ending(key: string): void {
    this.#low.add(key);
    const { onFault, onRenewed } = this.#options;
    this.#growing = this.#growing.then(async () => {
      if (this.#closed || !this.#needsNext) return;
      try {
        await this.#add(this.#number + 1);
        onRenewed(this.newest);
      } catch (error) {
        onFault(error);
      }
    });
  }
}
