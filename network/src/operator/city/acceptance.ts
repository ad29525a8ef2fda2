/**
 * The main job as a list: what must have happened before `--once` calls it done. Pure: it looks at the journal and
 * names what is still missing.
 */
import type { StakeStatus } from '../../ledger/index.ts';
import type { ProtocolName } from '../../management/index.ts';
import type { DeviceEntry, Journal } from './journal.ts';
import { SHOWCASE } from './plan.ts';

/** Ids of the showcase's releases on the ledger. */
export interface ShowcaseReleases {
  readonly onRequest: string;
  /** By model. */
  readonly propagated: Readonly<Record<string, string>>;
  readonly tamperedMirror: string;
  readonly forged: string;
}

export interface Requirement {
  readonly name: string;
  /** What is still missing, or undefined when the requirement is met. */
  readonly missing: string | undefined;
}

/** What was heard of stake. */
export interface StakeNews {
  readonly elections: number;
  readonly sales: number;
  readonly status: StakeStatus;
}

/** @param releases undefined until they are published */
export function requirements(
  journal: Journal,
  releases: ShowcaseReleases | undefined,
  stake: StakeNews,
): readonly Requirement[] {
  const { devices } = journal;
  const honest = devices.filter((entry) => !entry.device.tampered);
  const tampered = devices.filter((entry) => entry.device.tampered);
  return [
    requireAll('every device is enrolled and monitored', devices, (entry) => entry.rounds > 0),
    requireAll(
      'tampered firmware stands on the ledger as abnormal',
      tampered,
      (entry) => entry.status === 'abnormal',
    ),
    requireAll(
      'new FTI and RTI are in use for a second round',
      honest,
      (entry) => entry.roundsUnderNewIntervals > 0,
    ),
    ...stakeRequirements(stake),
    ...releaseRequirements(journal, releases),
  ];
}

function stakeRequirements({ elections, sales, status }: StakeNews): readonly Requirement[] {
  const { validator, issued, burned, organisations } = status;
  const held = organisations.reduce((sum, { shares }) => sum + BigInt(shares), BigInt(burned));
  const elected = elections > 0 && validator !== '';
  const conserved = held === BigInt(issued);
  return [
    {
      name: 'a validator was elected by stake',
      missing: elected ? undefined : 'no election was heard of',
    },
    {
      name: 'shares were sold, and none came or went by it',
      missing:
        sales > 0 && conserved ? undefined : `${sales} sales, ${held} of ${issued} shares held`,
    },
  ];
}

function releaseRequirements(
  journal: Journal,
  releases: ShowcaseReleases | undefined,
): readonly Requirement[] {
  if (releases === undefined) return [{ name: 'releases', missing: 'releases are not published' }];
  const ofModel = (model: string): readonly DeviceEntry[] =>
    journal.devices.filter((entry) => entry.device.model === model);
  const refusedBy = (release: string): ReadonlySet<string> =>
    new Set(
      journal.refusals
        .filter((refusal) => refusal.release === release)
        .map((refusal) => refusal.by),
    );
  const refusers = refusedBy(releases.tamperedMirror);
  return [
    requireSome(
      'an end node asked for an update and got it',
      ofModel(SHOWCASE.onRequest),
      (entry) => hasInstalled(entry, releases.onRequest, 'updateRequest'),
    ),
    ...SHOWCASE.propagated.flatMap((model) => {
      const release = releases.propagated[model] ?? '';
      return [
        // An end node that asks at the very moment gets the release by its own request.
        requireAll(`the release for ${model} is on every device`, ofModel(model), (entry) =>
          hasInstalled(entry, release),
        ),
        requireSome(`the release for ${model} was propagated`, ofModel(model), (entry) =>
          hasInstalled(entry, release, 'propagation'),
        ),
      ];
    }),
    {
      name: 'a release not signed by its vendor is refused',
      missing: refusedBy(releases.forged).has('ledger') ? undefined : 'the ledger took it',
    },
    requireAll(
      'a release with broken vendor MACs is refused by every device that is offered it',
      // A device with tampered firmware is offered nothing; it must not have installed it either.
      ofModel(SHOWCASE.tamperedMirror),
      (entry) =>
        entry.installed.length === 0 && (entry.device.tampered || refusers.has(entry.device.id)),
    ),
  ];
}

/** @param by the protocol that must have brought it; whichever when not given */
function hasInstalled(entry: DeviceEntry, release: string, by?: ProtocolName): boolean {
  return entry.installed.some(
    (each) => each.release === release && (by === undefined || each.protocol === by),
  );
}

function requireAll(
  name: string,
  entries: readonly DeviceEntry[],
  met: (entry: DeviceEntry) => boolean,
): Requirement {
  const open = entries.filter((entry) => !met(entry)).map((entry) => entry.device.id);
  return { name, missing: open.length === 0 ? undefined : `missing: ${listed(open)}` };
}

function requireSome(
  name: string,
  entries: readonly DeviceEntry[],
  met: (entry: DeviceEntry) => boolean,
): Requirement {
  return { name, missing: entries.some(met) ? undefined : 'none did yet' };
}

const MOST_NAMED = 5;
function listed(names: readonly string[]): string {
  const rest = names.length - MOST_NAMED;
  const shown = names.slice(0, MOST_NAMED).join(', ');
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}
