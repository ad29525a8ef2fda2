/** One device over several lives on one disk whose power can be cut at any write, and what its lives came to. */
import { FileFirmwareStore, FileKeyStore } from '@lamplighter/sdk/node';
import type { Disk } from '@lamplighter/sdk/node';
import { boot, imageInUse, slotInUse } from '../../../sdk/src/firmware/boot-record.ts';
import { SimulatedDisk } from '../firmware/simulated-disk.ts';
import { AttentiveManager } from './attentive-manager.ts';
import type { Seen } from './attentive-manager.ts';
import { DeviceFixture, FACTORY, SLOT_BYTES, imageOf, sha256 } from './device-fixture.ts';

/** More than the 64 KiB for which a device keeps its place. */
export const NEW_IMAGE = imageOf(70_000, 9);
const DIRECTORY = '/device';
const LIFE_SECONDS = 200;

/** What the lives of one device came to. */
export interface Verdict extends Seen {
  /** The image that is to be in use is, and the attempt's result was told and acknowledged. */
  readonly done: boolean;
  /** Sequence number of the image in use, 0 when its bytes are not whole. */
  readonly bootable: number;
}

/** A manager's tree. */
export interface ManagerTree {
  readonly publicKey: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** See the module comment. */
export class PowerCutBench {
  readonly disk = new SimulatedDisk();
  readonly #fixture: DeviceFixture;
  readonly #manager: AttentiveManager;
  readonly #isHealthy: boolean;

  /**
   * @param isHealthy what the new image's self test says
   * @param suite and, for a lightweight device, the tree by which its manager proves itself in place of a chain
   */
  constructor(
    kind: 'end' | 'lightweight',
    isHealthy = true,
    { suite = 0x0103, tree }: { readonly suite?: number; readonly tree?: ManagerTree } = {},
  ) {
    this.#isHealthy = isHealthy;
    this.#fixture = new DeviceFixture(kind, {
      suite,
      ...(tree === undefined ? {} : { mauth: 3, mkey: tree.publicKey }),
    });
    if (tree !== undefined) this.#fixture.manager.treeSign = (message) => tree.sign(message);
    const release = this.#fixture.release(NEW_IMAGE, { chunkLog2: kind === 'end' ? 14 : 12 });
    const endsWith = isHealthy ? release.manifest.seq : FACTORY.seq;
    this.#manager = new AttentiveManager(this.#fixture, release, endsWith);
  }

  /** One life of the device, until the update is done and acknowledged, or the power goes. */
  async live(): Promise<void> {
    const { clock } = this.#fixture;
    try {
      const firmware = await openFirmware(DIRECTORY, this.disk);
      await this.#fixture.start({
        firmware,
        keys: new FileKeyStore(DIRECTORY, this.disk),
        healthCheck: ({ seq }) => this.#isHealthy || seq === FACTORY.seq,
      });
    } catch (error) {
      if (!this.disk.isDead) throw error;
    }
    for (let second = 0; second < LIFE_SECONDS && !this.disk.isDead; second += 1) {
      await this.#manager.serve();
      if (this.#manager.isDone) break;
      await clock.advance(1);
    }
    await this.#fixture.close();
    this.#fixture.manager.lines.at(-1)?.inbox.end(1006);
  }

  /** What the lives so far have come to, as a boot loader and the manager see it. */
  async judge(): Promise<Verdict> {
    const bootable = await bootableIn(DIRECTORY, this.disk);
    return { done: this.#manager.isDone, bootable, ...this.#manager.seen };
  }
}

export function openFirmware(directory: string, disk: Disk): Promise<FileFirmwareStore> {
  const parts = { slotBytes: SLOT_BYTES, factory: () => FACTORY };
  return FileFirmwareStore.open(directory, parts, disk);
}

/** Sequence number of the image that a boot loader would start now, 0 when its bytes are not whole. */
export async function bootableIn(directory: string, disk: Disk): Promise<number> {
  const firmware = await openFirmware(directory, disk);
  const record = boot(await firmware.load());
  const image = imageInUse(record);
  const bytes = await firmware.read(slotInUse(record), 0, image.size);
  return Buffer.compare(sha256(bytes), image.sha256) === 0 ? image.seq : 0;
}
