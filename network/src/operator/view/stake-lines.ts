/** Stake as lines of text, for the screen and for commands: pure. */
import type { ContractEvents, StakeCaseRecord, StakeOfferRecord } from '@lamplighter/chaincode';
import type { StakeStatus } from '../../ledger/index.ts';

/** What people call an organisation, by its MSP id. */
export type NameOf = (mspId: string) => string;

const SHOWN_OF_ID = 12;
const MOST_CASES = 3;

/** What a network holds a transaction to; see the city's engines. */
export interface RuleWords {
  readonly words: string;
  readonly needsValidator: boolean;
}

/**
 * Validator, an organisation a line, the newest cases.
 *
 * @param rule is told of when it is not the contract's own
 */
export function stakeLines(
  status: StakeStatus,
  nameOf: NameOf,
  rule?: RuleWords,
): readonly string[] {
  const { epoch, validator, issued, burned, threshold, organisations, cases } = status;
  const lost = burned === '0' ? '' : ` (${burned} of them burned)`;
  const rows = organisations.map(({ mspId, shares, coinAge, standing, skips }) => [
    nameOf(mspId),
    `${shares} shares`,
    `coin age ${coinAge}`,
    mspId === validator ? 'validator' : standing,
    skips === 0 ? '' : `skipped ${skips} times`,
  ]);
  const hidden = cases.length - MOST_CASES;
  return [
    `stake: epoch ${epoch}, validator ${nobody(validator, nameOf)}; more than ${threshold} of ${issued} shares decide${lost}`,
    ...(rule === undefined || rule.needsValidator ? [] : [`  ${rule.words}`]),
    ...columns(rows),
    ...cases.slice(0, MOST_CASES).map((each) => `  ${caseLine(each, nameOf)}`),
    ...(hidden > 0 ? [`  … and ${hidden} more cases`] : []),
  ];
}

/** Who holds what, in one line. */
export function sharesLine({ organisations, burned }: StakeStatus, nameOf: NameOf): string {
  const held = organisations.map(({ mspId, shares, standing }) =>
    standing === 'active' ? `${nameOf(mspId)} ${shares}` : `${nameOf(mspId)} ${shares} ${standing}`,
  );
  return [...held, ...(burned === '0' ? [] : [`burned ${burned}`])].join(', ');
}

export function caseLine(found: StakeCaseRecord, nameOf: NameOf): string {
  const { id, accused, kind, state, burned, transaction, witnesses, reporter } = found;
  const penalty = burned === '0' ? state : `${state}, ${burned} shares burned`;
  const seen = witnesses.length === 0 ? '' : `, against ${witnesses.map(nameOf).join(' and ')}`;
  return `case ${id.slice(0, SHOWN_OF_ID)}: ${nameOf(accused)} ${penalty}: ${kind} on ${transaction}${seen}, reported by ${nameOf(reporter)}`;
}

export function offerLine(offer: StakeOfferRecord, nameOf: NameOf): string {
  const { id, seller, buyer, shares, price } = offer;
  const to = buyer === '' ? 'anybody' : nameOf(buyer);
  return `offer ${id}: ${nameOf(seller)} offers ${shares} shares to ${to}${price === '' ? '' : ` for ${price}`}`;
}

type Events = { readonly [Name in keyof ContractEvents]?: (event: ContractEvents[Name]) => string };

/** The line that an event of the contract Stake is worth; undefined for the events of others. */
export function stakeEventLine(name: string, payload: object, nameOf: NameOf): string | undefined {
  const lines: Events = {
    ValidatorElected: ({ epoch, validator }) =>
      `epoch ${epoch}: ${nobody(validator, nameOf)} is the validator`,
    ValidatorSkipped: ({ epoch, skipped, validator }) =>
      `epoch ${epoch}: ${nameOf(skipped)} was skipped, ${nobody(validator, nameOf)} is the validator`,
    ValidatorReturned: ({ organisation }) => `${nameOf(organisation)} takes turns again`,
    SharesOffered: ({ offer, seller }) => `${nameOf(seller)} offers shares (${offer})`,
    OfferWithdrawn: ({ offer, seller }) => `${nameOf(seller)} withdrew its offer (${offer})`,
    SharesSold: ({ offer, seller, buyer, shares }) =>
      `${nameOf(seller)} sold ${shares} shares to ${nameOf(buyer)} (${offer})`,
    MisconductProven: ({ case: id, kind, accused, state }) =>
      `MISCONDUCT of ${nameOf(accused)}: ${kind}; ${state === 'burned' ? 'its shares are burned, it is' : 'it is'} barred (case ${id.slice(0, SHOWN_OF_ID)})`,
    SharesBurned: ({ accused, shares }) => `${shares} shares of ${nameOf(accused)} burned by vote`,
    BarLifted: ({ accused }) => `${nameOf(accused)} has its voice back by vote`,
    SharesReissued: ({ to }) => `burned shares are issued again to ${to.map(nameOf).join(', ')}`,
  };
  const line = lines[name as keyof ContractEvents] as ((event: object) => string) | undefined;
  return line?.(payload);
}

function nobody(mspId: string, nameOf: NameOf): string {
  return mspId === '' ? 'nobody' : nameOf(mspId);
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
}
