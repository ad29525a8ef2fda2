/** Where tests of contracts begin. */
import type { Identity } from '../identities.ts';
import { MemoryLedger } from '../memory-ledger.ts';
import { FOUNDING } from './founding.ts';

/** A ledger whose contracts are open for business. @param time seconds of the founding; by default the ledger's first */
export async function foundedLedger(administrator: Identity, time?: number): Promise<MemoryLedger> {
  const ledger = new MemoryLedger();
  const options = time === undefined ? {} : { time };
  await ledger.submit(administrator, 'Stake:Initialise', [JSON.stringify(FOUNDING)], options);
  return ledger;
}
