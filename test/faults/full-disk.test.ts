/** A short form of the full disks of `npm run faults`. */
import { randomBytes } from 'node:crypto';
import { ledgerFullDisk } from './ledger-full-disk.ts';
import { managerFullDisk } from './manager-full-disk.ts';
import { SmallDisk } from './small-disk.ts';

// Root, or a system that lets its users have namespaces.
const describeMounted = SmallDisk.isPossible() ? describe : describe.skip;

describeMounted('a disk that is really full', () => {
  it('stops a management node with a clear state, and loses nothing', async () => {
    const good = { component: 'manager', tries: 1, lost: 0, doubled: 0, unbootable: 0 };
    expect(await managerFullDisk(2)).toEqual([
      { ...good, point: 'disk full, then room' },
      { ...good, point: 'disk full, SIGKILL, start without room' },
    ]);
  }, 180_000);

  it('takes nothing from the embedded network that it acknowledged', async () => {
    const seed = randomBytes(4).readUInt32BE();
    const row = { component: 'ledger', point: 'disk full under load, then room', tries: 4 };
    expect({ seed, rows: await ledgerFullDisk(seed, 4) }).toEqual({
      seed,
      rows: [{ ...row, lost: 0, doubled: 0, unbootable: 0 }],
    });
  }, 180_000);
});
