/** How stake starts in tests: 45, 30 and 25 of 100 shares. */
import type { Identity } from '../identities.ts';
import { MemoryLedger } from '../memory-ledger.ts';

export const MSPS = {
  northlight: 'NorthlightMSP',
  helios: 'HeliosMSP',
  meridian: 'MeridianMSP',
} as const;

export const FOUNDING = {
  epochSeconds: 60,
  threshold: { num: '1', den: '2' },
  cap: { num: '1', den: '2' },
  organisations: [
    { mspId: MSPS.northlight, shares: '45' },
    { mspId: MSPS.helios, shares: '30' },
    { mspId: MSPS.meridian, shares: '25' },
  ],
};

/** A ledger whose contracts are open for business. @param time seconds of the founding; by default the ledger's first */
export async function foundedLedger(administrator: Identity, time?: number): Promise<MemoryLedger> {
  const ledger = new MemoryLedger();
  const options = time === undefined ? {} : { time };
  await ledger.submit(administrator, 'Stake:Initialise', [JSON.stringify(FOUNDING)], options);
  return ledger;
}
