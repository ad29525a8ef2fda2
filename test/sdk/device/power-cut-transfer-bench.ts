/** One device over several lives on one disk, while it moves to another manager (docs/protocol.md §2.3). */
import { FileFirmwareStore, FileKeyStore } from '@lamplighter/sdk/node';
import { decodeFrame, toHex } from '@lamplighter/sdk/wire';
import { noticeFrames } from '@lamplighter/sdk/protocol';
import { helloCoreCodec } from '../../../sdk/src/wire/handshake-bodies.ts';
import { SimulatedDisk } from '../firmware/simulated-disk.ts';
import { DeviceFixture, FACTORY, SLOT_BYTES } from './device-fixture.ts';
import { nextAssignment } from './next-assignment.ts';

/** What the lives of one device came to. */
export interface TransferVerdict {
  readonly arrived: boolean;
  readonly formerKept: boolean;
  readonly kvN: number;
  readonly repeatedCounters: number;
  readonly resyncs: number;
}

/** See the module comment. */
export class TransferBench {
  readonly disk = new SimulatedDisk();
  readonly #fixture: DeviceFixture;
  readonly #next: ReturnType<typeof nextAssignment>;
  readonly #counters = new Map<string, number>();
  #repeated = 0;

  constructor(kind: 'end' | 'lightweight') {
    this.#fixture = new DeviceFixture(kind);
    this.#next = nextAssignment(this.#fixture);
    const { manager } = this.#fixture;
    manager.onHello = (line, frame) => {
      this.#look(frame);
      if (manager.lines.length < 2) return false;
      for (const piece of noticeFrames(this.#next.envelope)) line.inbox.push(piece);
      line.inbox.end(4410);
      return true;
    };
    this.#next.manager.onHello = (_, frame) => {
      this.#look(frame);
      return false;
    };
  }

  async live(): Promise<void> {
    const { clock, manager } = this.#fixture;
    const other = this.#next.manager;
    try {
      const parts = { slotBytes: SLOT_BYTES, factory: () => FACTORY };
      const firmware = await FileFirmwareStore.open('/device', parts, this.disk);
      await this.#fixture.start({
        firmware,
        keys: new FileKeyStore('/device', this.disk),
        transport: (url, options) =>
          (url.includes('other') ? other : manager).transport(url, options),
      });
    } catch (error) {
      if (!this.disk.isDead) throw error;
    }
    for (let step = 0; step < 20 && !this.disk.isDead && !this.#arrived; step += 1) {
      await clock.advance(10);
      if (manager.lines.at(-1)?.session != null) await manager.drop(1001);
    }
    await this.#fixture.close();
    for (const each of [manager, other]) each.lines.at(-1)?.inbox.end(1006);
  }

  async judge(): Promise<TransferVerdict> {
    const keys = await new FileKeyStore('/device', this.disk).load();
    return {
      arrived: this.#arrived,
      formerKept: keys?.former != null,
      kvN: keys?.kvN ?? 0,
      repeatedCounters: this.#repeated,
      resyncs: keys?.resync ?? 0,
    };
  }

  get #arrived(): boolean {
    return this.#next.manager.lines.at(-1)?.session != null;
  }

  #look(frame: Uint8Array): void {
    const hello = decodeFrame(frame);
    if (hello.type !== 'hello') throw new Error(`expected a Hello, got ${hello.type}`);
    const { kid, ctr } = helloCoreCodec.decode(hello.core);
    const name = toHex(kid);
    if (ctr <= (this.#counters.get(name) ?? 0)) this.#repeated += 1;
    this.#counters.set(name, ctr);
  }
}

/** As it is to be. */
export const ARRIVED: TransferVerdict = {
  arrived: true,
  formerKept: false,
  kvN: 2,
  repeatedCounters: 0,
  resyncs: 0,
};
