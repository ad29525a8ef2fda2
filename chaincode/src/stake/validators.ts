/**
 * The validator set as devices know it (protocol §7.3): the shares that have a voice, and the keys that the peers of their
 * holders sign with. Each change of it is a set of its own under the next epoch, which all stay readable: managers make
 * links between them for devices that slept.
 */
import {
  compareValidators,
  encodeValidatorSet,
  VALIDATORS_MOST,
  type Validator,
  type ValidatorSet,
} from '@lamplighter/sdk/wire';
import type { Context } from 'fabric-contract-api';
import { createHash } from 'node:crypto';
import { ContractError } from '../errors.ts';
import { keys } from '../keys.ts';
import { readRecord, requireRecord, transactionTime, writeRecord } from '../state.ts';
import type {
  OrganisationPeersRecord,
  PeerKey,
  ValidatorEpochRecord,
  ValidatorHeadRecord,
  ValidatorSetRecord,
} from './records.ts';
import { counts } from './rule.ts';
import type { StakeTable } from './table.ts';

/** What the wire's integers hold; the ledger's shares may be more. */
const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);

/** The peers of organisations by MSP id, the foremost first. */
export type PeersOf = ReadonlyMap<string, readonly PeerKey[]>;

/**
 * The set that follows from table and peers; null when nobody with a voice has a registered peer. What is too large for the wire
 * is rounded against those who prove: shares down, total and threshold up.
 */
export function validatorSetOf(
  table: StakeTable,
  peersOf: PeersOf,
  epoch: number,
): ValidatorSet | null {
  const divisor = divisorFor(table.issued);
  const ofThreshold = divisorFor(table.threshold.den);
  const entries = table.organisations
    .filter(counts)
    .map(({ mspId, shares }) => ({ mspId, shares: Number(shares / divisor) }))
    .filter(({ shares }) => shares > 0)
    .map(({ mspId, shares }) =>
      distinct(peersOf.get(mspId) ?? []).map((peer): Validator => ({
        mspId,
        cert: bytesOf(peer.certificate),
        key: bytesOf(peer.key),
        shares,
      })),
    );
  const validators = foremost(entries, VALIDATORS_MOST).sort(compareValidators);
  if (validators.length === 0) return null;
  return {
    epoch,
    num: Number(roundedUp(table.threshold.num, ofThreshold)),
    den: Number(table.threshold.den / ofThreshold),
    total: Number(roundedUp(table.issued, divisor)),
    validators,
  };
}

/** Several vendors of an organisation may have registered the same peer. */
function distinct(peers: readonly PeerKey[]): readonly PeerKey[] {
  const byCertificate = new Map(peers.map((peer) => [peer.certificate, peer]));
  return [...byCertificate.values()];
}

function divisorFor(value: bigint): bigint {
  let divisor = 1n;
  while (roundedUp(value, divisor) > LARGEST) divisor *= 2n;
  return divisor;
}

function roundedUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

/** The first of each list, then the second of each, until there are enough: every organisation is in before one is in twice. */
function foremost(lists: readonly (readonly Validator[])[], most: number): Validator[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  const rounds = Array.from({ length: longest }, (_, round) =>
    lists.flatMap((list) => list[round] ?? []),
  );
  return rounds.flat().slice(0, most);
}

/**
 * Writes the set of a changed table, or of changed peers, where it is another one than before.
 *
 * @param changed peers that the transaction at hand registers, which it can not read yet
 * @returns what stands now; null when the set is the same, or there is none
 */
export async function moveValidators(
  ctx: Context,
  table: StakeTable,
  changed: PeersOf = new Map(),
): Promise<ValidatorHeadRecord | null> {
  const peersOf = new Map(changed);
  for (const { mspId } of table.organisations.filter(counts)) {
    if (!peersOf.has(mspId)) peersOf.set(mspId, await readPeers(ctx, mspId));
  }
  const head = await readRecord<ValidatorHeadRecord>(ctx, keys.validators());
  const last = head?.epoch ?? 0;
  const set = validatorSetOf(table, peersOf, last + 1);
  if (set === null) return null;
  if (head !== null && digestOf(encodeValidatorSet({ ...set, epoch: last })) === head.digest) {
    return null;
  }
  return writeSet(ctx, set);
}

async function writeSet(ctx: Context, set: ValidatorSet): Promise<ValidatorHeadRecord> {
  const { epoch } = set;
  const encoded = encodeValidatorSet(set);
  const digest = digestOf(encoded);
  const time = transactionTime(ctx);
  const head: ValidatorHeadRecord = { docType: 'validatorHead', schema: 1, epoch, digest, time };
  const index: ValidatorEpochRecord = { docType: 'validatorEpoch', schema: 1, epoch, digest };
  const record: ValidatorSetRecord = {
    docType: 'validatorSet',
    schema: 1,
    epoch,
    digest,
    set: Buffer.from(encoded).toString('hex'),
    time,
  };
  await writeRecord(ctx, keys.validators(), head);
  await writeRecord(ctx, keys.validatorEpoch(epoch), index);
  await writeRecord(ctx, keys.validatorSet(digest), record);
  return head;
}

/** SHA-256, hex. */
function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Those registered last first. */
export async function readPeers(ctx: Context, mspId: string): Promise<readonly PeerKey[]> {
  const record = await readRecord<OrganisationPeersRecord>(ctx, keys.organisationPeers(mspId));
  return record?.peers ?? [];
}

/** Epoch and digest of the present set. @throws ContractError VALIDATORS_NOT_FOUND */
export function readHead(ctx: Context): Promise<ValidatorHeadRecord> {
  return requireRecord(ctx, keys.validators(), 'VALIDATORS_NOT_FOUND');
}

/** @param digest SHA-256 of the set, hex. @throws ContractError VALIDATORS_NOT_FOUND */
export function readSet(ctx: Context, digest: string): Promise<ValidatorSetRecord> {
  return requireRecord(ctx, keys.validatorSet(digest), 'VALIDATORS_NOT_FOUND');
}

/** @throws ContractError VALIDATORS_NOT_FOUND */
export async function readSetOfEpoch(ctx: Context, epoch: number): Promise<ValidatorSetRecord> {
  const { digest } = await requireRecord<ValidatorEpochRecord>(
    ctx,
    keys.validatorEpoch(epoch),
    'VALIDATORS_NOT_FOUND',
  );
  return readSet(ctx, digest);
}

/** Two sets, the first of which is the older one. @throws ContractError VALIDATORS_NOT_FOUND, ARGUMENT_INVALID */
export async function readStep(
  ctx: Context,
  from: string,
  to: string,
): Promise<readonly [ValidatorSetRecord, ValidatorSetRecord]> {
  const older = await readSet(ctx, from);
  const newer = await readSet(ctx, to);
  if (older.epoch < newer.epoch) return [older, newer];
  throw new ContractError(
    'ARGUMENT_INVALID',
    `expected a step forward, got one from epoch ${older.epoch} to epoch ${newer.epoch}`,
  );
}
