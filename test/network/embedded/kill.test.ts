/**
 * A short form of `npm run faults` for the ledger. FAULTS_KILLS and FAULTS_SEED in the environment make it longer, or go through the
 * moments of an earlier run again; a failure shows its seed.
 */
import { randomBytes } from 'node:crypto';

import { killLedger } from './kill/kill-ledger.ts';

const KILLS = Number(process.env['FAULTS_KILLS'] ?? 5);
const SEED = Number(process.env['FAULTS_SEED'] ?? randomBytes(4).readUInt32BE());

jest.setTimeout(60_000 + KILLS * 15_000);

describe('a network that is killed under load', () => {
  it('has every acknowledged transaction afterwards, whole and once, on all peers', async () => {
    const result = await killLedger({ seed: SEED, kills: KILLS });
    expect(result).toEqual({
      seed: SEED,
      tries: KILLS,
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
