/** A short form of `npm run faults` for the ledger. */
import { randomBytes } from 'node:crypto';

import { killLedger } from './kill/kill-ledger.ts';

jest.setTimeout(120_000);

describe('a network that is killed under load', () => {
  it('has every acknowledged transaction afterwards, whole and once, on all peers', async () => {
    const seed = randomBytes(4).readUInt32BE();
    const result = await killLedger({ seed, kills: 5 });
    expect(result).toEqual({
      seed,
      tries: 5,
      acknowledged: expect.any(Number) as number,
      unequal: 0,
      lost: 0,
      doubled: 0,
      half: 0,
      hashes: Array(3).fill(result.hashes[0]) as string[],
    });
    expect(result.acknowledged).toBeGreaterThan(0);
  });
});
