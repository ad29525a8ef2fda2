/** Kill points of the embedded ledger: SIGKILL at random moments under load. */
import { killLedger } from '../network/embedded/kill/kill-ledger.ts';
import type { FaultRow } from './table.ts';

/**
 * @param kills how often the network is killed, starts included
 * @returns lost: acknowledged transactions that a peer has not, or has by half; unbootable: starts and ends with peers whose
 *   state hashes differ
 */
export async function ledgerFaults(seed: number, kills: number): Promise<readonly FaultRow[]> {
  const result = await killLedger({ seed, kills });
  // Without any acknowledged transaction nothing was tested.
  const { tries, lost, half, doubled, unequal, hashes, acknowledged } = result;
  return [
    {
      component: 'ledger',
      point: 'SIGKILL under load and at the start',
      tries: acknowledged > 0 ? tries : 0,
      lost: lost + half,
      doubled,
      unbootable: unequal + (new Set(hashes).size > 1 ? 1 : 0),
    },
  ];
}
