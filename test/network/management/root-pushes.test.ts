/** Generations of a vendor's roots are given to a device before a release under them, once a session (protocol §7.1). */
import type { VendorRecord } from '@lamplighter/chaincode';
import type { DeviceEntry } from '../../../network/src/management/device-database.ts';
import type { ManagementEvent } from '../../../network/src/management/index.ts';
import type { LiveSession } from '../../../network/src/management/live-session.ts';
import { RootPushes } from '../../../network/src/management/root-pushes.ts';

const ENTRY = { vendor: 'northlight', firmware: { gen: 1 } } as DeviceEntry;
const live = (lightweight = false): LiveSession =>
  ({ device: 'lamp-1', lightweight }) as Pick<LiveSession, 'device' | 'lightweight'> as LiveSession;

class Bench {
  readonly asked: number[] = [];
  readonly pushed: string[] = [];
  readonly events: ManagementEvent[] = [];
  /** Codes that the device answers with, then 0. */
  codes: (number | null)[] = [];
  fails = false;
  readonly roots = new RootPushes({
    contracts: { readVendor: (id) => Promise.resolve({ id } as VendorRecord) },
    vendors: {
      roots: (_, gen) => {
        this.asked.push(gen);
        if (this.fails) return Promise.reject(new Error('the vendor is away'));
        const generations = [2, 3, 4].filter((each) => each > gen);
        return Promise.resolve(generations.map((each) => Uint8Array.of(each)));
      },
    },
    pushes: {
      push: (_, envelope, kind) => {
        this.pushed.push(`kind ${String(kind)}: ${String(envelope[0])}`);
        const [code = 0] = this.codes.splice(0, 1);
        return Promise.resolve(code);
      },
    },
    events: { emit: (event) => void this.events.push(event as ManagementEvent) },
  });
}

describe('a vendor’s roots', () => {
  it('reach an end node in order, and once a session', async () => {
    const bench = new Bench();
    const session = live();
    bench.codes = [1];
    await bench.roots.bring(session, ENTRY, 4);
    await bench.roots.bring(session, ENTRY, 4);
    expect(bench.pushed).toEqual(['kind 4: 2', 'kind 4: 3', 'kind 4: 4']);
    expect(bench.asked).toEqual([1]);
    await bench.roots.bring(live(), ENTRY, 4);
    expect(bench.pushed).toHaveLength(6);
  });

  it('are not asked for where the device runs a release of that generation, or has a MAC', async () => {
    const bench = new Bench();
    await bench.roots.bring(live(), ENTRY, 1);
    await bench.roots.bring(live(true), ENTRY, 4);
    expect([bench.asked, bench.pushed]).toEqual([[], []]);
  });

  it.each([2, 3, null])('stop where the device says %p', async (code) => {
    const bench = new Bench();
    const session = live();
    bench.codes = [0, code];
    await bench.roots.bring(session, ENTRY, 4);
    expect(bench.pushed).toHaveLength(2);
    // What failed is tried again with the next offer.
    await bench.roots.bring(session, ENTRY, 4);
    expect(bench.pushed).toHaveLength(5);
  });

  it('that can not be had are told, and the offer is made all the same', async () => {
    const bench = new Bench();
    bench.fails = true;
    await bench.roots.bring(live(), ENTRY, 4);
    expect(bench.events).toMatchObject([{ type: 'alarm', device: 'lamp-1' }]);
  });
});
