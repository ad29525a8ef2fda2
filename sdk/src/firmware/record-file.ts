/**
 * One record in a file: replaced as a whole or not at all, whatever moment the power is cut at, and never read back
 * other than it was written. The file is a line that names kind and version, the record, and the SHA-256 of both.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { asciiBytes, concatBytes, equalBytes } from '../wire/bytes.ts';
import { WireError } from '../wire/errors.ts';
import type { Codec } from '../wire/shapes.ts';
import type { Disk } from './disk.ts';
import { StoreError } from './errors.ts';

const DIGEST_BYTES = 32;
/** Longest first line of any version. */
const TITLE_BYTES = 64;

/** Where a record is. */
export interface RecordPlace {
  readonly disk: Disk;
  readonly directory: string;
  /** Name of the file. */
  readonly name: string;
  /** What the record is, for its first line. */
  readonly kind: string;
  /** @default 1 */
  readonly version?: number;
  /**
   * Brings a record of an earlier version into the present layout; null for a version that is not known.
   *
   * @default none is known
   */
  readonly upgrade?: (version: number, record: Uint8Array) => Uint8Array | null;
}

/** See the module comment. */
export class RecordFile {
  readonly #place: RecordPlace;
  readonly #title: Uint8Array;
  readonly #path: string;
  readonly #beside: string;
  readonly #former: string;
  #saving: Promise<void> = Promise.resolve();

  constructor(place: RecordPlace) {
    const { disk, directory, name, kind, version = 1 } = place;
    this.#place = place;
    this.#title = asciiBytes(`lamplighter.${kind}.v${version}\n`);
    this.#path = disk.join(directory, name);
    this.#beside = disk.join(directory, `${name}.new`);
    this.#former = disk.join(directory, `${name}.old`);
  }

  /**
   * The record last saved, null when there is none.
   *
   * @throws {@link StoreError} `RECORD_DAMAGED` or `RECORD_VERSION`
   */
  async load(): Promise<Uint8Array | null> {
    await this.#saving;
    // A power cut may have come between a record and the wiping of the one before.
    await this.#wipeFormer();
    const bytes = await this.#place.disk.read(this.#path);
    return bytes === null ? null : this.#checked(bytes);
  }

  /**
   * Replaces the record; settles when it is safe from a power cut.
   *
   * @param wipe true: the record before held secrets that must not outlive it, and is overwritten
   */
  save(record: Uint8Array, wipe = false): Promise<void> {
    const done = this.#saving.then(() => this.#replace(record, wipe));
    this.#saving = done.catch(() => undefined);
    return done;
  }

  /** Overwrites the record, then removes it. */
  async erase(): Promise<void> {
    await this.#saving;
    const { disk, directory } = this.#place;
    for (const path of [this.#path, this.#beside, this.#former]) await this.#wipe(path);
    await disk.syncDirectory(directory);
  }

  async #replace(record: Uint8Array, wipe: boolean): Promise<void> {
    const { disk, directory } = this.#place;
    const content = concatBytes(this.#title, record);
    await disk.write(this.#beside, concatBytes(content, sha256(content)));
    await disk.sync(this.#beside);
    if (wipe) await this.#keepFormer();
    await disk.rename(this.#beside, this.#path);
    await disk.syncDirectory(directory);
    if (wipe) await this.#wipeFormer();
  }

  /** A second name for the present record, so that it can be overwritten once the next one stands. */
  async #keepFormer(): Promise<void> {
    const { disk } = this.#place;
    await this.#wipeFormer();
    if ((await disk.read(this.#path)) === null) return;
    await disk.link(this.#path, this.#former);
  }

  /** Not while both names are of one file: the cut may have come before the rename. */
  async #wipeFormer(): Promise<void> {
    const { disk } = this.#place;
    const former = await disk.read(this.#former);
    if (former === null) return;
    const present = await disk.read(this.#path);
    if (present !== null && equalBytes(present, former)) await disk.remove(this.#former);
    else await this.#wipe(this.#former);
  }

  async #wipe(path: string): Promise<void> {
    const { disk } = this.#place;
    const bytes = await disk.read(path);
    if (bytes === null) return;
    await disk.writeAt(path, 0, new Uint8Array(bytes.length));
    await disk.sync(path);
    await disk.remove(path);
  }

  /** For a record that is as it was written, and still not one: @throws {@link StoreError} `RECORD_DAMAGED` */
  decode<T>({ decode }: Codec<T>, record: Uint8Array): T {
    try {
      return decode(record);
    } catch (cause) {
      if (!(cause instanceof WireError)) throw cause;
      throw new StoreError('RECORD_DAMAGED', `${this.#path}: ${cause.message}`, { cause });
    }
  }

  #checked(bytes: Uint8Array): Uint8Array {
    const content = bytes.subarray(0, -DIGEST_BYTES);
    const { length } = this.#title;
    const digest = bytes.subarray(-DIGEST_BYTES);
    if (bytes.length < DIGEST_BYTES || !equalBytes(sha256(content), digest)) {
      throw new StoreError(
        'RECORD_DAMAGED',
        `${this.#path}: expected a ${this.#place.kind} record and its digest, got ${bytes.length} other bytes`,
      );
    }
    if (equalBytes(content.subarray(0, length), this.#title)) return content.slice(length);
    const upgraded = this.#upgraded(content);
    if (upgraded !== null) return upgraded;
    throw new StoreError(
      'RECORD_VERSION',
      `${this.#path}: expected ${lineOf(this.#title)}, got ${lineOf(content)}`,
    );
  }

  /** A record that an earlier version wrote, null for any other. */
  #upgraded(content: Uint8Array): Uint8Array | null {
    const { kind, version = 1, upgrade } = this.#place;
    const line = lineOf(content);
    const written = /^lamplighter\.([a-z]+)\.v([1-9]\d{0,3})$/.exec(line);
    if (upgrade === undefined || written?.[1] !== kind || Number(written[2]) >= version)
      return null;
    try {
      return upgrade(Number(written[2]), content.slice(line.length + 1));
    } catch (cause) {
      if (!(cause instanceof WireError)) throw cause;
      throw new StoreError('RECORD_DAMAGED', `${this.#path}: ${cause.message}`, { cause });
    }
  }
}

/** The first line, printable. */
function lineOf(content: Uint8Array): string {
  const text = String.fromCharCode(...content.subarray(0, TITLE_BYTES));
  return /^[ -~]+/.exec(text)?.[0] ?? 'no such line';
}
