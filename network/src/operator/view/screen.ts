/**
 * Where a running city is shown: a terminal gets the lines of what happens with the table kept below them, anything
 * else gets plain lines.
 */
import type { WriteStream } from 'node:tty';
import { type DeviceRow, renderTable } from './table.ts';

export interface Screen extends Disposable {
  /** One line that stays. */
  print(line: string): void;
  /** The table's new content. @param head lines above it */
  show(rows: readonly DeviceRow[], head?: readonly string[]): void;
}

/** Chooses by the stream: a live table on a terminal, plain lines elsewhere. */
export function newScreen(stream: NodeJS.WriteStream): Screen {
  return stream.isTTY ? new LiveScreen(stream) : new PlainScreen(stream);
}

class PlainScreen implements Screen {
  readonly #stream: NodeJS.WritableStream;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  print(line: string): void {
    this.#stream.write(`${line}\n`);
  }

  show(): void {
    // Without a terminal the lines tell everything.
  }

  [Symbol.dispose](): void {
    // Nothing is held.
  }
}

/** Redraws at most this often. */
const REDRAW_MS = 200;
/** Lines kept free above the table for what happens. */
const ROOM_FOR_LINES = 8;

class LiveScreen implements Screen {
  readonly #stream: WriteStream;
  readonly #colour = process.env.NO_COLOR === undefined;
  readonly #timer: NodeJS.Timeout;
  #rows: readonly DeviceRow[] = [];
  #head: readonly string[] = [];
  #lines: string[] = [];
  #drawn = 0;

  constructor(stream: WriteStream) {
    this.#stream = stream;
    this.#timer = setInterval(() => {
      this.#draw();
    }, REDRAW_MS);
  }

  print(line: string): void {
    this.#lines.push(line);
  }

  show(rows: readonly DeviceRow[], head: readonly string[] = []): void {
    this.#rows = rows;
    this.#head = head;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#draw();
  }

  #draw(): void {
    const table =
      this.#rows.length === 0
        ? []
        : renderTable(this.#rows, {
            columns: this.#stream.columns,
            lines: Math.max(4, this.#stream.rows - ROOM_FOR_LINES - this.#head.length),
            colour: this.#colour,
            now: Date.now(),
          });
    // Up to the table's first line, clear to the end of the screen, the new lines, the table again.
    const up = this.#drawn === 0 ? '' : `\u001B[${this.#drawn}A`;
    const lines = [...this.#lines, ...this.#head].map((line) =>
      line.slice(0, this.#stream.columns),
    );
    this.#stream.write(`${up}\u001B[J${[...lines, ...table].map((line) => `${line}\n`).join('')}`);
    this.#lines = [];
    this.#drawn = this.#head.length + table.length;
  }
}
