/**
 * How long a device is spared that is being updated (protocol §6.2): 30 minutes from the first offer of a release, whatever
 * it does with that offer and however often it is made again. Then it is compared as any other.
 */
import { isUpdating } from '@lamplighter/sdk/protocol';
import type { Clock } from './clock.ts';
import type { DeviceEntry, Offered } from './device-database.ts';

/** First offers remembered a device. */
const OFFERS = 16;

/** True while the device is not to be compared. */
export function isSpared({ update }: Pick<DeviceEntry, 'update'>, clock: Clock): boolean {
  return isUpdating(update.progress, secondsOf(clock));
}

/** When a release was offered to a device for the first time; undefined for one that never was. */
export function firstOffered(
  { offered }: Pick<DeviceEntry, 'offered'>,
  release: string,
): number | undefined {
  return offered.find((each) => each.release === release)?.at;
}

/** The entry after an offer: its time counts if it is the first of this release. */
export function withOffer(
  entry: DeviceEntry,
  release: string,
  cause: DeviceEntry['update']['cause'],
  clock: Clock,
): DeviceEntry {
  const first = firstOffered(entry, release);
  const at = first ?? secondsOf(clock);
  const offered: readonly Offered[] =
    first === undefined ? [...entry.offered, { release, at }].slice(-OFFERS) : entry.offered;
  return { ...entry, offered, update: { progress: { stage: 'offered', at }, release, cause } };
}

function secondsOf(clock: Clock): number {
  return clock.date().getTime() / 1_000;
}
