/**
 * Which leaves of a tree may have signed, on disk. Leaves are reserved in steps before they sign, so a crash loses up to a step
 * of them and repeats none. The file is never to be restored from a backup (docs/protocol.md §3.3).
 */
import { readIfThere, writeFileAtomic } from '../atomic-file.ts';
import { ManagementError } from './management-error.ts';

const FORMAT = 'lamplighter.leaves.v1';

/** Puts bytes into a file, whole or not at all; on the disk when it resolves. */
export type Persist = (file: string, bytes: Uint8Array | string) => Promise<void>;

interface Stored {
  readonly format?: unknown;
  readonly publicKey?: unknown;
  readonly reserved?: unknown;
}

export class LeafState {
  readonly #file: string;
  readonly #publicKey: string;
  readonly #persist: Persist;
  /** Leaves below may have signed. */
  #reserved: number;

  private constructor(file: string, publicKey: string, reserved: number, persist: Persist) {
    this.#file = file;
    this.#publicKey = publicKey;
    this.#reserved = reserved;
    this.#persist = persist;
  }

  /** The state of a new tree: no leaf has signed. */
  static async begin(
    file: string,
    publicKey: Uint8Array,
    persist: Persist = writeFileAtomic,
  ): Promise<LeafState> {
    const state = new LeafState(file, Buffer.from(publicKey).toString('hex'), 0, persist);
    await state.reserveTo(0);
    return state;
  }

  /**
   * @returns undefined when there is no such file
   * @throws {@link ManagementError} STORAGE_DAMAGED, STORAGE_VERSION
   */
  static async read(
    file: string,
    persist: Persist = writeFileAtomic,
  ): Promise<LeafState | undefined> {
    const bytes = await readIfThere(file);
    if (bytes === undefined) return undefined;
    const { format, publicKey, reserved } = parse(file, bytes.toString('utf8'));
    if (format !== FORMAT) {
      throw new ManagementError('STORAGE_VERSION', `${file} is not a ${FORMAT} file`);
    }
    const isRight = Number.isSafeInteger(reserved) && (reserved as number) >= 0;
    if (!isRight || typeof publicKey !== 'string') {
      throw new ManagementError('STORAGE_DAMAGED', `${file} does not say which leaves were used`);
    }
    return new LeafState(file, publicKey, reserved as number, persist);
  }

  get reserved(): number {
    return this.#reserved;
  }

  /** Whether this is the state of the tree with that public key. */
  isOf(publicKey: Uint8Array): boolean {
    return this.#publicKey === Buffer.from(publicKey).toString('hex');
  }

  /** Resolves when the disk says that leaves below `reserved` may have signed. */
  async reserveTo(reserved: number): Promise<void> {
    const text = JSON.stringify({ format: FORMAT, publicKey: this.#publicKey, reserved });
    await this.#persist(this.#file, `${text}\n`);
    this.#reserved = reserved;
  }
}

function parse(file: string, text: string): Stored {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch (error) {
    throw new ManagementError('STORAGE_DAMAGED', `${file} is not JSON`, { cause: error });
  }
  throw new ManagementError('STORAGE_DAMAGED', `${file} is no object`);
}
