/** The network's log on disk, bounded: a file that is full makes way for a new one, and one older file is kept. */
import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

const MOST_BYTES = 8 * 1_048_576;
const OWNER_ONLY = 0o600;

export class LogFile implements Disposable {
  readonly path: string;
  readonly #mostBytes: number;
  #file: number;
  #bytes: number;
  /** Lines that could not be written, since the last one that could. */
  #lost = 0;

  /** @param mostBytes of one file. @default 8_388_608 */
  constructor(path: string, mostBytes: number = MOST_BYTES) {
    this.path = path;
    this.#mostBytes = mostBytes;
    this.#file = openSync(path, 'a', OWNER_ONLY);
    this.#bytes = fstatSync(this.#file).size;
  }

  /** Appends whole lines; a disk that is full costs lines, which are counted, not the network. */
  write(lines: string): void {
    try {
      if (this.#bytes >= this.#mostBytes) this.#turn();
      if (this.#lost > 0) this.#append(`${JSON.stringify({ level: 'warn', lost: this.#lost })}\n`);
      this.#lost = 0;
      this.#append(lines);
    } catch {
      this.#lost++;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #append(text: string): void {
    this.#bytes += writeSync(this.#file, text);
  }

  #turn(): void {
    renameSync(this.path, `${this.path}.1`);
    const next = openSync(this.path, 'a', OWNER_ONLY);
    closeSync(this.#file);
    this.#file = next;
    this.#bytes = 0;
  }
}
