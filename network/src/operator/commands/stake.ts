/** `lamplighter stake …`: asks a vendor node of a running city, which acts for its organisation on the ledger. */
import { resolve } from 'node:path';
import type { StakeStatus } from '../../ledger/index.ts';
import { nameOf } from '../city/plan.ts';
import { OperatorError } from '../errors.ts';
import { readOperatorFile, type OperatorEntry } from '../operator-file.ts';
import { askVendor, type Document } from '../vendor-request.ts';
import { caseLine, offerLine, stakeLines } from '../view/stake-lines.ts';

/** As on the command line. */
export interface StakeFlags {
  readonly directory: string;
  readonly json: boolean;
}

export interface ActFlags extends StakeFlags {
  /** A vendor's id. */
  readonly as: string;
}

export interface OfferFlags extends ActFlags {
  /** A vendor's id. */
  readonly to?: string;
  readonly price?: string;
  readonly id?: string;
}

export interface SkipFlags extends ActFlags {
  readonly reason: string;
}

/** @throws {OperatorError} CITY_NOT_RUNNING, REQUEST_REFUSED */
export async function status(flags: StakeFlags): Promise<void> {
  const found = await readStatus(flags);
  const offers = found.offers.map((each) => `  ${offerLine(each, nameOf)}`);
  show(flags, found, [...stakeLines(found, nameOf), ...offers]);
}

/** @throws {OperatorError} as {@link status} */
export async function cases(flags: StakeFlags): Promise<void> {
  const found = (await readStatus(flags)).cases;
  const lines = found.map((each) => `${each.time}  ${caseLine(each, nameOf)}`);
  show(flags, found, found.length === 0 ? ['nobody was convicted of anything'] : lines);
}

/** @throws {OperatorError} OPTION_INVALID; as {@link status} */
export async function offer(shares: string, flags: OfferFlags): Promise<void> {
  const { to, price, id } = flags;
  const answer = await act(flags, 'offer', {
    shares,
    ...(to === undefined ? {} : { buyer: entryOf(flags.directory, to).mspId }),
    ...(price === undefined ? {} : { price }),
    ...(id === undefined ? {} : { id }),
  });
  show(flags, answer, [
    `${flags.as} offers ${shares} shares to ${to ?? 'anybody'}: offer ${String(answer['id'])}`,
  ]);
}

/** @throws {OperatorError} as {@link offer} */
export async function accept(id: string, flags: ActFlags): Promise<void> {
  const answer = await act(flags, 'accept', { offer: id });
  show(flags, answer, [`${flags.as} bought what offer ${id} offers`]);
}

/** @throws {OperatorError} as {@link offer} */
export async function withdraw(id: string, flags: ActFlags): Promise<void> {
  const answer = await act(flags, 'withdraw', { offer: id });
  show(flags, answer, [`${flags.as} withdrew offer ${id}`]);
}

/** @throws {OperatorError} as {@link offer} */
export async function skip(flags: SkipFlags): Promise<void> {
  const answer = await act(flags, 'skip', { reason: flags.reason });
  const validator = nameOf(String(answer['validator']));
  const outcome = answer['carried'] === true ? 'it is carried' : 'it waits for other votes';
  show(flags, answer, [`${flags.as} votes to skip ${validator}: ${outcome}`]);
}

/** @throws {OperatorError} as {@link offer} */
export async function comeBack(flags: ActFlags): Promise<void> {
  show(flags, await act(flags, 'return', {}), [`${flags.as} takes turns again`]);
}

/** @throws {OperatorError} as {@link offer} */
export async function burn(id: string, flags: ActFlags): Promise<void> {
  await vote(id, flags, 'burn');
}

/** @throws {OperatorError} as {@link offer} */
export async function lift(id: string, flags: ActFlags): Promise<void> {
  await vote(id, flags, 'lift');
}

async function vote(id: string, flags: ActFlags, motion: 'burn' | 'lift'): Promise<void> {
  const answer = await act(flags, motion, { case: await caseOf(id, flags) });
  const state = (await readStatus(flags)).cases.find((each) => each.id === answer['case'])?.state;
  const about = motion === 'burn' ? 'to burn the shares of' : 'to lift the bar of';
  show(flags, { ...answer, state }, [
    `${flags.as} voted ${about} case ${id}: it is ${state ?? '?'}`,
  ]);
}

/** A case by its id, or as much of it as names no other. */
async function caseOf(start: string, flags: ActFlags): Promise<string> {
  const found = (await readStatus(flags)).cases.filter(({ id }) => id.startsWith(start));
  if (found.length === 1 && found[0] !== undefined) return found[0].id;
  throw new OperatorError(
    'OPTION_INVALID',
    `${found.length === 0 ? 'no case has' : 'several cases have'} an id that starts with "${start}"`,
  );
}

/** Of whichever vendor is asked: it is the ledger's. */
async function readStatus({ directory }: StakeFlags): Promise<StakeStatus> {
  const [entry] = readOperatorFile(resolve(directory));
  if (entry === undefined) throw new OperatorError('CITY_NOT_RUNNING', 'no vendor node runs');
  return (await askVendor(entry, 'stake/status', {})) as unknown as StakeStatus;
}

function act({ directory, as }: ActFlags, action: string, request: object): Promise<Document> {
  return askVendor(entryOf(directory, as), `stake/${action}`, request);
}

function entryOf(directory: string, vendor: string): OperatorEntry {
  const entries = readOperatorFile(resolve(directory));
  const entry = entries.find((each) => each.vendor === vendor);
  if (entry !== undefined) return entry;
  const known = entries.map((each) => each.vendor).join(', ');
  throw new OperatorError(
    'OPTION_INVALID',
    `no vendor "${vendor}" in this city; vendors: ${known}`,
  );
}

function show({ json }: StakeFlags, document: unknown, lines: readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : `${lines.join('\n')}\n`);
}
