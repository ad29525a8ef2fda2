/**
 * One device over several lives on one disk whose power can be cut at any write, with a manager that goes on asking and
 * offering; and what must hold of all those lives together.
 */
import { FileFirmwareStore, FileKeyStore } from '@lamplighter/sdk/node';
import { decodeFrame } from '@lamplighter/sdk/wire';
import { boot, imageInUse, slotInUse } from '../../../sdk/src/firmware/boot-record.ts';
import { helloCoreCodec } from '../../../sdk/src/wire/handshake-bodies.ts';
import { SimulatedDisk } from '../firmware/simulated-disk.ts';
import {
  DeviceFixture,
  FACTORY,
  INTERVALS,
  SLOT_BYTES,
  imageOf,
  sha256,
} from './device-fixture.ts';
import type { Release } from './device-fixture.ts';
import type { Line } from './memory-manager.ts';

/** More than the 64 KiB for which a device keeps its place. */
const NEW_IMAGE = imageOf(70_000, 9);
const DIRECTORY = '/device';
const LIFE_SECONDS = 200;

/** What the lives of one device came to. */
export interface Verdict {
  /** The update is in use, and its result was told and acknowledged. */
  readonly done: boolean;
  /** Sequence number of the image in use, 0 when its bytes are not whole. */
  readonly bootable: number;
  /** Counters that did not grow from one Hello to the next. */
  readonly repeatedCounters: number;
  /** Hellos that named an older chain index than the manager had seen stored. */
  readonly repeatedIndices: number;
  /** What the manager heard of attempts, each text once: attempt, sequence number, code. */
  readonly results: readonly string[];
  /** Times that the device had lost its counter. */
  readonly resyncs: number;
  /** Rounds of monitoring that were answered. */
  readonly rounds: number;
}

/** See the module comment. */
export class PowerCutBench {
  readonly disk = new SimulatedDisk();
  readonly #fixture: DeviceFixture;
  readonly #release: Release;
  #ctr = 0;
  #storedIndex = 0;
  #repeatedCounters = 0;
  #repeatedIndices = 0;
  #served: Line | null = null;
  #acknowledged = 0;

  constructor(kind: 'end' | 'lightweight') {
    this.#fixture = new DeviceFixture(kind);
    this.#release = this.#fixture.release(NEW_IMAGE, { chunkLog2: kind === 'end' ? 14 : 12 });
    this.#fixture.manager.onHello = (_, frame) => {
      this.#look(frame);
      return false;
    };
  }

  /** One life of the device, until the update is done and acknowledged, or the power goes. */
  async live(): Promise<void> {
    const { clock } = this.#fixture;
    try {
      const firmware = await this.#openFirmware();
      await this.#fixture.start({ firmware, keys: new FileKeyStore(DIRECTORY, this.disk) });
    } catch (error) {
      if (!this.disk.isDead) throw error;
    }
    for (let second = 0; second < LIFE_SECONDS && !this.disk.isDead; second += 1) {
      await this.#serve();
      if (this.#isDone) break;
      await clock.advance(1);
    }
    await this.#fixture.close();
    this.#fixture.manager.lines.at(-1)?.inbox.end(1006);
  }

  /** What the lives so far have come to, as a boot loader and the manager see it. */
  async judge(): Promise<Verdict> {
    const { manager } = this.#fixture;
    const results = manager.all('result').map((r) => `${r.attempt}: ${r.seq}, ${r.code}`);
    return {
      done: this.#isDone,
      bootable: await this.#bootable(),
      repeatedCounters: this.#repeatedCounters,
      repeatedIndices: this.#repeatedIndices,
      results: [...new Set(results)],
      resyncs: manager.lines.at(-1)?.state?.stats.resync ?? 0,
      rounds: manager.all('mon-ans').length,
    };
  }

  get #isDone(): boolean {
    const line = this.#fixture.manager.lines.at(-1);
    const state = line?.state;
    const isServed = line !== undefined && this.#served === line;
    return isServed && this.#acknowledged > 0 && state?.seq === 8 && state.pending === 0;
  }

  #openFirmware(): Promise<FileFirmwareStore> {
    const parts = { slotBytes: SLOT_BYTES, factory: () => FACTORY };
    return FileFirmwareStore.open(DIRECTORY, parts, this.disk);
  }

  #look(frame: Uint8Array): void {
    const hello = decodeFrame(frame);
    if (hello.type !== 'hello') throw new Error(`expected a Hello, got ${hello.type}`);
    const { ctr, ci } = helloCoreCodec.decode(hello.core);
    if (ctr <= this.#ctr) this.#repeatedCounters += 1;
    if (ci < this.#storedIndex) this.#repeatedIndices += 1;
    this.#ctr = ctr;
  }

  /** What a manager does in a session: a round, intervals, an offer; or the acknowledgement of a result. */
  async #serve(): Promise<void> {
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
    const wanted = { fti: 10, rti: 5, uti: 5000 };
    await manager.ask(line.state?.ivn === 0 ? INTERVALS : wanted);
    await manager.send({ type: 'mon-set', ivn: 1, ...wanted });
    if (line.state?.seq === FACTORY.seq) await this.#fixture.offer(this.#release);
  }

  async #bootable(): Promise<number> {
    const firmware = await this.#openFirmware();
    const record = boot(await firmware.load());
    const image = imageInUse(record);
    const bytes = await firmware.read(slotInUse(record), 0, image.size);
    return Buffer.compare(sha256(bytes), image.sha256) === 0 ? image.seq : 0;
  }
}
