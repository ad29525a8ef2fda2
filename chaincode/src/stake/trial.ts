/** Whether evidence counts on this ledger, now: fresh, unused, by registered peers, witnessed by enough stake. */
import { decodeProtobuf } from '@lamplighter/sdk/wire';
import type { Context } from 'fabric-contract-api';
import { ContractError } from '../errors.ts';
import { keys } from '../keys.ts';
import { readRecord, transactionSeconds } from '../state.ts';
import { weighEvidence, type Court, type Evidence, type Finding } from './evidence.ts';
import { headerExtension } from './fabric-messages.ts';
import { decide, voicesOf } from './rule.ts';
import { holderOf } from './shares.ts';
import type { StakeTable } from './table.ts';

/** Evidence counts for a week. */
const EVIDENCE_SECONDS = 604_800;
/** How far clients' times may be apart. */
const TOLERANCE_SECONDS = 600;

/**
 * @throws ContractError EVIDENCE_INVALID, EVIDENCE_OUTDATED, EVIDENCE_USED, CERTIFICATE_NOT_REGISTERED, STAKE_HOLDER_NOT_FOUND,
 * STAKE_BARRED
 */
export async function tryCase(
  ctx: Context,
  table: StakeTable,
  evidence: Evidence,
): Promise<Finding> {
  const finding = weighEvidence(evidence, courtOf(ctx));
  assertFresh(ctx, finding);
  if ((await readRecord(ctx, keys.stakeCase(finding.id))) !== null) {
    throw new ContractError('EVIDENCE_USED', `case ${finding.id} rests on it`);
  }
  await assertRegistered(ctx, finding);
  if (finding.kind === 'divergence') assertWitnessed(table, finding);
  return finding;
}

/** fabric-shim 2.5 hands out its protobuf object, not the plain one that its types promise. */
interface ChannelHeader {
  getExtension_asU8(): Uint8Array;
}

/** This channel, and the chaincode by the name that the proposal at hand calls it. */
function courtOf(ctx: Context): Court {
  const { header } = ctx.stub.getSignedProposal().proposal;
  const channelHeader = header.channelHeader as unknown as ChannelHeader;
  const { chaincodeId } = decodeProtobuf(channelHeader.getExtension_asU8(), headerExtension);
  return { channel: ctx.stub.getChannelID(), chaincode: chaincodeId?.name ?? '' };
}

function assertFresh(ctx: Context, { seconds }: Finding): void {
  const age = transactionSeconds(ctx) - seconds;
  if (age > EVIDENCE_SECONDS || age < -TOLERANCE_SECONDS) {
    throw new ContractError(
      'EVIDENCE_OUTDATED',
      `expected answers of the last ${EVIDENCE_SECONDS} s, got some ${age} s old`,
    );
  }
}

async function assertRegistered(ctx: Context, { signers }: Finding): Promise<void> {
  for (const { mspId, certificate } of signers) {
    if ((await readRecord(ctx, keys.peerCertificate(mspId, certificate))) === null) {
      throw new ContractError(
        'CERTIFICATE_NOT_REGISTERED',
        `no vendor of ${mspId} has registered the peer certificate ${certificate}`,
      );
    }
  }
}

/** The accused's own shares count for nothing here. */
function assertWitnessed(table: StakeTable, { accused, witnesses }: Finding): void {
  if (holderOf(table, accused).barred) {
    throw new ContractError('STAKE_BARRED', `${accused} is barred already`);
  }
  if (!decide(table, voicesOf(table, new Set(witnesses)))) {
    throw new ContractError('EVIDENCE_INVALID', 'the witnesses hold too few shares');
  }
}
