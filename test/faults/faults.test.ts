/** A short form of `npm run faults` for manager and devices; the ledger's is test/network/embedded/kill.test.ts. */
import { randomBytes } from 'node:crypto';
import { deviceFaults } from './device-faults.ts';
import { managerFaults } from './manager-faults.ts';
import type { FaultRow } from './table.ts';

const seed = randomBytes(4).readUInt32BE();

/** Rows with a count that is not 0, or without a try. */
function bad(rows: readonly FaultRow[]): readonly FaultRow[] {
  return rows.filter((row) => row.tries === 0 || row.lost + row.doubled + row.unbootable > 0);
}

describe('kill points', () => {
  it('of a management node lose, repeat and double nothing', async () => {
    const rows = await managerFaults(seed, 10);
    expect({ seed, bad: bad(rows) }).toEqual({ seed, bad: [] });
    expect(rows).toHaveLength(5);
  }, 180_000);

  it('of devices lose, repeat and double nothing', async () => {
    const rows = await deviceFaults(seed, 2, 4);
    expect({ seed, bad: bad(rows) }).toEqual({ seed, bad: [] });
    expect(rows).toHaveLength(8);
  }, 180_000);
});
