/**
 * In how many seconds a manager reports a device whatever the device does (protocol §6.2): after three windows without an
 * answer it is `unreachable`, and a fourth is for the way to the ledger.
 */
import type { Intervals } from '@lamplighter/sdk/wire';

const WINDOWS = 4;
/** §6.1: windows are wider than RTI at their end. */
const WIDENING_SHARE = 0.02;
const WIDENING_SECONDS = 2;

export function silentReportWithin({ fti, rti }: Pick<Intervals, 'fti' | 'rti'>): number {
  return Math.ceil(WINDOWS * (fti + rti + WIDENING_SHARE * fti + WIDENING_SECONDS));
}
