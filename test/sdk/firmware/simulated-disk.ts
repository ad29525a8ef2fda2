/** A disk in memory that can lose its power: what was not synced is then gone, or there, or half there. */
import type { Disk } from '../../../sdk/src/firmware/disk.ts';

interface File {
  /** What a reader sees while the power is on. */
  bytes: Uint8Array;
  /** What is safe. */
  synced: Uint8Array;
}

/** What becomes of all that was not synced. `torn`: names are there, of their bytes the first half. */
export type PowerCutMode = 'lost' | 'kept' | 'torn';
export const POWER_CUT_MODES: readonly PowerCutMode[] = ['lost', 'kept', 'torn'];

/** The power went. */
export class PowerCut extends Error {
  constructor() {
    super('the power was cut');
  }
}

export class SimulatedDisk implements Disk {
  #names = new Map<string, File>();
  #syncedNames = new Map<string, File>();
  #mode: PowerCutMode = 'kept';
  #left = Infinity;
  #dead = false;
  /** Operations that change something, so far. */
  operations = 0;

  /** Cuts the power at the `operation`th change from now on, counted from 1. */
  cutAt(operation: number, mode: PowerCutMode): void {
    this.#left = operation;
    this.#mode = mode;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  /** Power again: what the cut has left. */
  restart(): void {
    if (this.#mode === 'lost') this.#names = new Map(this.#syncedNames);
    for (const file of new Set(this.#names.values())) this.#settle(file);
    this.#syncedNames = new Map(this.#names);
    this.#dead = false;
    this.#left = Infinity;
  }

  get paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  join(directory: string, name: string): string {
    return `${directory}/${name}`;
  }

  async read(path: string): Promise<Uint8Array | null> {
    await this.#reading();
    return this.#names.get(path)?.bytes.slice() ?? null;
  }

  async readAt(path: string, at: number, length: number): Promise<Uint8Array> {
    await this.#reading();
    return this.#file(path).bytes.slice(at, at + length);
  }

  write(path: string, bytes: Uint8Array): Promise<void> {
    return this.#change(
      () => {
        this.#created(path).bytes = bytes.slice();
      },
      () => {
        this.#created(path).bytes = bytes.slice(0, bytes.length >> 1);
      },
    );
  }

  writeAt(path: string, at: number, bytes: Uint8Array): Promise<void> {
    const put = (part: Uint8Array): void => {
      const file = this.#file(path);
      const next = new Uint8Array(Math.max(file.bytes.length, at + part.length));
      next.set(file.bytes);
      next.set(part, at);
      file.bytes = next;
    };
    return this.#change(
      () => {
        put(bytes);
      },
      () => {
        put(bytes.slice(0, bytes.length >> 1));
      },
    );
  }

  truncate(path: string): Promise<void> {
    return this.#change(() => {
      this.#file(path).bytes = new Uint8Array(0);
    });
  }

  sync(path: string): Promise<void> {
    return this.#change(() => {
      const file = this.#file(path);
      file.synced = file.bytes.slice();
    });
  }

  link(from: string, to: string): Promise<void> {
    return this.#change(() => {
      this.#names.set(to, this.#file(from));
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#change(() => {
      this.#names.set(to, this.#file(from));
      this.#names.delete(from);
    });
  }

  remove(path: string): Promise<void> {
    return this.#change(() => {
      this.#names.delete(path);
    });
  }

  makeDirectory(): Promise<void> {
    return Promise.resolve();
  }

  syncDirectory(): Promise<void> {
    return this.#change(() => {
      this.#syncedNames = new Map(this.#names);
    });
  }

  async #reading(): Promise<void> {
    await Promise.resolve();
    if (this.#dead) throw new PowerCut();
  }

  async #change(whole: () => void, half: () => void = () => undefined): Promise<void> {
    await this.#reading();
    this.operations += 1;
    this.#left -= 1;
    if (this.#left > 0) {
      whole();
      return;
    }
    this.#dead = true;
    if (this.#mode === 'kept') whole();
    if (this.#mode === 'torn') half();
    throw new PowerCut();
  }

  #settle(file: File): void {
    const { bytes, synced } = file;
    const isSynced =
      bytes.length === synced.length && bytes.every((byte, at) => byte === synced[at]);
    if (this.#mode === 'lost') file.bytes = synced;
    if (this.#mode === 'torn' && !isSynced) {
      // What was synced stays; of what came after it, the first half.
      const from = synced.length < bytes.length ? synced.length : 0;
      file.bytes = bytes.slice(0, from + ((bytes.length - from) >> 1));
    }
    file.synced = file.bytes.slice();
  }

  #created(path: string): File {
    const file = this.#names.get(path) ?? { bytes: new Uint8Array(0), synced: new Uint8Array(0) };
    this.#names.set(path, file);
    return file;
  }

  #file(path: string): File {
    const file = this.#names.get(path);
    if (file === undefined) throw new Error(`expected a file ${path}, found none`);
    return file;
  }
}
