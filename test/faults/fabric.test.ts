/** A short form of `npm run faults -- --fabric`: skipped without Fabric's own programs. */
import { randomBytes } from 'node:crypto';

import { describeWithFabric } from '../network/fabric/binaries.ts';
import { fabricFaults } from './fabric-faults.ts';
import { isClean } from './table.ts';

jest.setTimeout(600_000);

describeWithFabric('kill points of Fabric', () => {
  it('lose and double no report: leader, follower, each peer, a chaincode process', async () => {
    const seed = randomBytes(4).readUInt32BE();
    const rows = await fabricFaults(seed, 6);
    expect({ seed, rows, isClean: isClean(rows) }).toEqual({ seed, rows, isClean: true });
    expect(rows.map(({ tries }) => tries)).toEqual([1, 3, 1, 1]);
  });
});
