/**
 * What a manager does for a device that is killed again and again: it asks, sets intervals, offers an update and
 * acknowledges results; and it looks whether any Hello repeats what must never repeat.
 */
import { decodeFrame } from '@lamplighter/sdk/wire';
import { helloCoreCodec } from '../../../sdk/src/wire/handshake-bodies.ts';
import { FACTORY, INTERVALS } from './device-fixture.ts';
import type { DeviceFixture, Release } from './device-fixture.ts';
import type { Line } from './memory-manager.ts';

const WANTED = { fti: 10, rti: 5, uti: 5000 };

/** What a manager has seen of a device. */
export interface Seen {
  /** Counters that did not grow from one Hello to the next. */
  readonly repeatedCounters: number;
  /** Hellos that named an older chain index than the manager had seen stored. */
  readonly repeatedIndices: number;
  /** What it heard of attempts, each text once: attempt, sequence number, code. */
  readonly results: readonly string[];
  /** Times that the device had lost its counter. */
  readonly resyncs: number;
  /** Rounds of monitoring that were answered. */
  readonly rounds: number;
}

/** See the module comment. */
export class AttentiveManager {
  readonly #fixture: DeviceFixture;
  readonly #release: Release;
  readonly #endsWith: number;
  #ctr = 0;
  #storedIndex = 0;
  #repeatedCounters = 0;
  #repeatedIndices = 0;
  #served: Line | null = null;
  #acknowledged = 0;

  /** @param endsWith sequence number of the image that is to be in use in the end. @default the release's */
  constructor(fixture: DeviceFixture, release: Release, endsWith = release.manifest.seq) {
    this.#fixture = fixture;
    this.#release = release;
    this.#endsWith = endsWith;
    fixture.manager.onHello = (_, frame) => {
      this.#look(frame);
      return false;
    };
  }

  /** The image that is to be in use is, and the attempt's result was told and acknowledged. */
  get isDone(): boolean {
    const line = this.#fixture.manager.lines.at(-1);
    const state = line?.state;
    const isServed = line !== undefined && this.#served === line;
    const isSettled = state?.seq === this.#endsWith && state.pending === 0;
    return isServed && this.#acknowledged > 0 && isSettled;
  }

  get seen(): Seen {
    const { manager } = this.#fixture;
    const results = manager.all('result').map((r) => `${r.attempt}: ${r.seq}, ${r.code}`);
    return {
      repeatedCounters: this.#repeatedCounters,
      repeatedIndices: this.#repeatedIndices,
      results: [...new Set(results)],
      resyncs: manager.lines.at(-1)?.state?.stats.resync ?? 0,
      rounds: manager.all('mon-ans').length,
    };
  }

  /** To be called again and again. */
  async serve(): Promise<void> {
    const { manager } = this.#fixture;
    const line = manager.lines.at(-1);
    if (line?.session == null || line.inbox.closeCode !== null) return;
    if (this.#served !== line) await this.#begin(line);
    else if (manager.all('result').length > this.#acknowledged) {
      this.#acknowledged = manager.all('result').length;
      await manager.send({ type: 'result-ack', attempt: manager.last('result').attempt });
      await manager.drop(1001);
    }
  }

  async #begin(line: Line): Promise<void> {
    const { manager } = this.#fixture;
    this.#served = line;
    this.#storedIndex = manager.epoch.chain?.highestSent ?? 0;
    await manager.ask(line.state?.ivn === 0 ? INTERVALS : WANTED);
    await manager.send({ type: 'mon-set', ivn: 1, ...WANTED });
    if (line.state?.seq === FACTORY.seq) await this.#fixture.offer(this.#release);
  }

  #look(frame: Uint8Array): void {
    const hello = decodeFrame(frame);
    if (hello.type !== 'hello') throw new Error(`expected a Hello, got ${hello.type}`);
    const { ctr, ci } = helloCoreCodec.decode(hello.core);
    if (ctr <= this.#ctr) this.#repeatedCounters += 1;
    if (ci < this.#storedIndex) this.#repeatedIndices += 1;
    this.#ctr = ctr;
  }
}
