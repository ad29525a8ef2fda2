/** Which value of its chain M shows to a device that stands at index k (docs/protocol.md §3.3). */
import { CHAIN_RESERVE, CHAIN_SKIP_MOST } from '../wire/limits.ts';

/**
 * What an operator has to hear: the device claims an index never sent; it stands so far behind that a value sent before is
 * shown again; the chain is at its end; a new assignment is needed soon.
 */
export type ChainAlarm = 'chain-ahead' | 'chain-behind' | 'chain-exhausted' | 'chain-low';

export type ChainChoice =
  | { readonly index: number; readonly alarm?: ChainAlarm }
  | {
      readonly index?: undefined;
      readonly reason: 'CHAIN_INDEX_AHEAD' | 'CHAIN_EXHAUSTED';
      readonly alarm: ChainAlarm;
    };

/**
 * @param k the index that Hello's `ci` says D is at
 * @param highestSent R, the highest index ever sent
 * @param length N
 */
export function chooseChainIndex(k: number, highestSent: number, length: number): ChainChoice {
  if (k > highestSent) return { reason: 'CHAIN_INDEX_AHEAD', alarm: 'chain-ahead' };
  const farthest = k + CHAIN_SKIP_MOST;
  const next = highestSent + 1;
  // A device too far behind gets a value that was sent before, never one beyond R + 1.
  if (next > farthest) return { index: farthest, alarm: 'chain-behind' };
  if (next > length) return { reason: 'CHAIN_EXHAUSTED', alarm: 'chain-exhausted' };
  return next >= length - CHAIN_RESERVE ? { index: next, alarm: 'chain-low' } : { index: next };
}
