/**
 * Stake: who decides, by shares; who validates, by coin age; what a liar loses (design §5; paper 3.5). What changes the table is
 * decided by the threshold of shares, either because endorsers of that weight agree on what the data says (election,
 * misconduct, sales), or by votes of that weight (skip, burn, lifted bar, new issue).
 */
import { Context, Info, Param, Returns, Transaction } from 'fabric-contract-api';
import { createHash } from 'node:crypto';
import { checkPage } from './arguments.ts';
import { encodeJson } from './canonical-json.ts';
import { callerOf, requireAdministrator, type Caller } from './caller.ts';
import { LamplighterContract } from './contract.ts';
import { ContractError } from './errors.ts';
import { keys } from './keys.ts';
import type { HistoryEntry, Page } from './records.ts';
import {
  checkEpoch,
  checkMspId,
  checkReason,
  checkSet,
  parseAllocation,
  parseFounding,
  parseOffer,
  parseReport,
} from './stake/arguments.ts';
import { elect, epochOf, isActive, standingOf } from './stake/election.ts';
import type {
  CoinAge,
  ElectionEntry,
  StakeCaseRecord,
  StakeFoundedRecord,
  StakeOfferRecord,
  ValidatorHeadRecord,
  ValidatorLinkStatement,
  ValidatorSetRecord,
} from './stake/records.ts';
import { counts } from './stake/rule.ts';
import {
  bar,
  burn,
  burnedShares,
  comeBack,
  foundTable,
  holderOf,
  liftBar,
  reissueShares,
  skipValidator,
  transferShares,
} from './stake/shares.ts';
import {
  changeTable,
  readCase,
  readOffer,
  readOpenOffer,
  readTable,
  requireTable,
  writeTable,
} from './stake/state.ts';
import { STAKE_TABLE_KEY, stakeTableText } from './stake/table.ts';
import { tryCase } from './stake/trial.ts';
import { readHead, readSetOfEpoch, readStep } from './stake/validators.ts';
import { castVote } from './stake/votes.ts';
import {
  emit,
  readHistory,
  readPage,
  readRecord,
  transactionSeconds,
  transactionTime,
  writeRecord,
} from './state.ts';

@Info({ title: 'Stake', description: 'Shares, elections by coin age, misconduct' })
export class Stake extends LamplighterContract {
  constructor() {
    super('Stake');
  }

  /** Once; again only in place of a table that does not parse. A majority of the organisations endorses it. */
  @Transaction()
  @Param('json', 'string', 'StakeFounding')
  async Initialise(ctx: Context, json: string): Promise<void> {
    requireAdministrator(callerOf(ctx));
    const table = foundTable(parseFounding(json));
    if ((await readTable(ctx)) !== null) {
      throw new ContractError('STAKE_INITIALISED', 'there is a stake table');
    }
    await changeTable(ctx, table);
    const founded: StakeFoundedRecord = {
      docType: 'stakeFounded',
      schema: 1,
      time: transactionTime(ctx),
    };
    await writeRecord(ctx, keys.stakeFounded(), founded);
    emit(ctx, 'StakeInitialised', { validator: table.validator, issued: String(table.issued) });
  }

  /** Offers shares of the caller's organisation. @throws ContractError OFFER_EXISTS, STAKE_SHARES_MISSING, STAKE_BARRED */
  @Transaction()
  @Param('json', 'string', 'StakeOffer')
  async OfferShares(ctx: Context, json: string): Promise<void> {
    const offer = parseOffer(json);
    const { mspId: seller } = administratorOf(ctx);
    const holder = holderOf(await requireTable(ctx), seller);
    if (!counts(holder)) throw new ContractError('STAKE_BARRED', `${seller} has nothing to sell`);
    if (holder.shares < BigInt(offer.shares)) {
      throw new ContractError('STAKE_SHARES_MISSING', `${seller} holds ${holder.shares} shares`);
    }
    if ((await readRecord(ctx, keys.stakeOffer(offer.id))) !== null) {
      throw new ContractError('OFFER_EXISTS', `offer ${offer.id} exists`);
    }
    const record: StakeOfferRecord = {
      ...offer,
      docType: 'stakeOffer',
      schema: 1,
      seller,
      state: 'open',
      time: transactionTime(ctx),
    };
    await writeRecord(ctx, keys.stakeOffer(offer.id), record);
    emit(ctx, 'SharesOffered', { offer: offer.id, seller });
  }

  /** Buys for the caller's organisation. */
  @Transaction()
  async AcceptOffer(ctx: Context, id: string): Promise<void> {
    const { mspId: buyer } = administratorOf(ctx);
    const offer = await readOpenOffer(ctx, id);
    if (offer.seller === buyer || (offer.buyer !== '' && offer.buyer !== buyer)) {
      throw new ContractError('CALLER_NOT_ALLOWED', `offer ${id} is not for ${buyer}`);
    }
    const { seller, shares } = offer;
    const table = await requireTable(ctx);
    await changeTable(ctx, transferShares(table, { seller, buyer, shares: BigInt(shares) }));
    const accepted: StakeOfferRecord = {
      ...offer,
      buyer,
      state: 'accepted',
      time: transactionTime(ctx),
    };
    await writeRecord(ctx, keys.stakeOffer(offer.id), accepted);
    emit(ctx, 'SharesSold', { offer: offer.id, seller, buyer, shares });
  }

  @Transaction()
  async WithdrawOffer(ctx: Context, id: string): Promise<void> {
    const { mspId } = administratorOf(ctx);
    const offer = await readOpenOffer(ctx, id);
    if (offer.seller !== mspId) {
      throw new ContractError('CALLER_NOT_ALLOWED', `offer ${id} is of ${offer.seller}`);
    }
    const withdrawn: StakeOfferRecord = {
      ...offer,
      state: 'withdrawn',
      time: transactionTime(ctx),
    };
    await writeRecord(ctx, keys.stakeOffer(offer.id), withdrawn);
    emit(ctx, 'OfferWithdrawn', { offer: offer.id, seller: mspId });
  }

  /** Any member may ask for it, once an epoch: the first wins. @throws ContractError EPOCH_NOT_OVER */
  @Transaction()
  async ElectValidator(ctx: Context): Promise<void> {
    const table = await requireTable(ctx);
    const epoch = epochOf(transactionSeconds(ctx), table);
    if (epoch <= table.epoch) {
      throw new ContractError('EPOCH_NOT_OVER', `epoch ${table.epoch} has its validator`);
    }
    const elected = elect(table, epoch);
    await writeTable(ctx, elected);
    const { validator, previous } = elected;
    emit(ctx, 'ValidatorElected', { epoch, validator, previous });
  }

  /** A vote of the caller's organisation to pass over a validator that does not answer. Any member may cast it. */
  @Transaction()
  async SkipValidator(
    ctx: Context,
    validator: string,
    epoch: string,
    reason: string,
  ): Promise<void> {
    const table = await requireTable(ctx);
    if (table.validator !== checkMspId(validator) || table.epoch !== checkEpoch(epoch)) {
      throw new ContractError(
        'VALIDATOR_CHANGED',
        `the validator of epoch ${table.epoch} is ${table.validator}`,
      );
    }
    if (!table.organisations.some((holder) => isActive(holder) && holder.mspId !== validator)) {
      throw new ContractError('VALIDATOR_ALONE', 'no other organisation is active');
    }
    const { mspId } = callerOf(ctx);
    const motion = { motion: 'skip', subject: validator, round: epoch } as const;
    if (await castVote(ctx, table, motion, { mspId, reason: checkReason(reason) })) {
      const skipped = skipValidator(table);
      await writeTable(ctx, skipped);
      emit(ctx, 'ValidatorSkipped', {
        epoch: table.epoch,
        skipped: validator,
        validator: skipped.validator,
      });
    }
  }

  /** The caller's organisation takes turns again. Any member may say so. */
  @Transaction()
  async Return(ctx: Context): Promise<void> {
    const { mspId } = callerOf(ctx);
    await writeTable(ctx, comeBack(await requireTable(ctx), mspId));
    emit(ctx, 'ValidatorReturned', { organisation: mspId });
  }

  /** Any member; the evidence convicts, not the reporter. */
  @Transaction()
  @Param('json', 'string', 'MisconductReport')
  async ReportMisconduct(ctx: Context, json: string): Promise<void> {
    const table = await requireTable(ctx);
    const finding = await tryCase(ctx, table, parseReport(json));
    const isProof = finding.kind === 'equivocation';
    const { shares } = holderOf(table, finding.accused);
    await changeTable(ctx, isProof ? burn(table, finding.accused) : bar(table, finding.accused));
    const record: StakeCaseRecord = {
      docType: 'stakeCase',
      schema: 1,
      id: finding.id,
      kind: finding.kind,
      accused: finding.accused,
      certificate: finding.signers[0]?.certificate ?? '',
      witnesses: finding.witnesses,
      transaction: finding.transaction,
      transactionId: finding.transactionId,
      burned: isProof ? String(shares) : '0',
      state: isProof ? 'burned' : 'barred',
      reporter: callerOf(ctx).mspId,
      time: transactionTime(ctx),
    };
    await writeRecord(ctx, keys.stakeCase(record.id), record);
    const { accused, kind, id, state } = record;
    emit(ctx, 'MisconductProven', { case: id, kind, accused, state });
  }

  /** A vote to burn the shares of an organisation that diverged. */
  @Transaction()
  async VoteBurn(ctx: Context, caseId: string): Promise<void> {
    const { mspId } = administratorOf(ctx);
    const found = await readCase(ctx, caseId);
    if (found.state !== 'barred') {
      throw new ContractError('CASE_CLOSED', `case ${caseId} is ${found.state}`);
    }
    const table = await requireTable(ctx);
    const motion = { motion: 'burn', subject: found.id, round: found.id } as const;
    if (await castVote(ctx, table, motion, { mspId, reason: '' })) {
      const { shares } = holderOf(table, found.accused);
      await changeTable(ctx, burn(table, found.accused));
      const burned: StakeCaseRecord = { ...found, burned: String(shares), state: 'burned' };
      await writeRecord(ctx, keys.stakeCase(found.id), burned);
      emit(ctx, 'SharesBurned', { case: found.id, accused: found.accused, shares: String(shares) });
    }
  }

  /** A vote to give an organisation its voice back, after one of its cases. */
  @Transaction()
  async LiftBar(ctx: Context, caseId: string): Promise<void> {
    const { mspId } = administratorOf(ctx);
    const found = await readCase(ctx, caseId);
    if (found.state === 'lifted')
      throw new ContractError('CASE_CLOSED', `case ${caseId} is lifted`);
    const table = await requireTable(ctx);
    const lifted = liftBar(table, found.accused);
    const motion = { motion: 'lift', subject: found.id, round: found.id } as const;
    if (await castVote(ctx, table, motion, { mspId, reason: '' })) {
      await changeTable(ctx, lifted);
      await writeRecord(ctx, keys.stakeCase(found.id), { ...found, state: 'lifted' });
      emit(ctx, 'BarLifted', { case: found.id, accused: found.accused });
    }
  }

  /** A vote for an issue of burned shares to those whom the list names. */
  @Transaction()
  @Param('json', 'string', 'StakeAllocation[]')
  async Reissue(ctx: Context, json: string): Promise<void> {
    const { mspId } = administratorOf(ctx);
    const allocation = parseAllocation(json);
    const table = await requireTable(ctx);
    const reissued = reissueShares(table, allocation);
    const motion = {
      motion: 'reissue',
      subject: digestOf(allocation),
      round: String(burnedShares(table)),
    } as const;
    if (await castVote(ctx, table, motion, { mspId, reason: '' })) {
      await changeTable(ctx, reissued);
      emit(ctx, 'SharesReissued', { to: [...allocation.keys()] });
    }
  }

  @Transaction(false)
  @Returns('StakeTable')
  async ReadTable(ctx: Context): Promise<string> {
    return stakeTableText(await requireTable(ctx));
  }

  @Transaction(false)
  @Returns('CoinAge[]')
  async CoinAges(ctx: Context): Promise<readonly CoinAge[]> {
    const { organisations } = await requireTable(ctx);
    return organisations.map((holder) => ({
      mspId: holder.mspId,
      shares: String(holder.shares),
      coinAge: String(holder.coinAge),
      standing: standingOf(holder),
    }));
  }

  /** Newest first: elections, and who took over within an epoch. */
  @Transaction(false)
  @Returns('ElectionEntry[]')
  async Elections(ctx: Context): Promise<readonly ElectionEntry[]> {
    const tables = await readHistory<ElectionEntry>(ctx, STAKE_TABLE_KEY);
    const entries = tables.flatMap(({ value, time }) =>
      value === null ? [] : [{ epoch: value.epoch, validator: value.validator, time }],
    );
    return entries.filter(
      ({ epoch, validator }, index) =>
        epoch !== entries[index + 1]?.epoch || validator !== entries[index + 1]?.validator,
    );
  }

  @Transaction(false)
  @Returns('StakeCasePage')
  async Cases(ctx: Context, pageSize: string, bookmark: string): Promise<Page<StakeCaseRecord>> {
    return readPage(ctx, keys.stakeCase(''), checkPage(pageSize, bookmark), ([id = '']) =>
      readCase(ctx, id),
    );
  }

  @Transaction(false)
  @Returns('StakeOfferPage')
  async Offers(ctx: Context, pageSize: string, bookmark: string): Promise<Page<StakeOfferRecord>> {
    return readPage(ctx, keys.stakeOffer(''), checkPage(pageSize, bookmark), ([id = '']) =>
      readOffer(ctx, id),
    );
  }

  /** Which validator set devices should know by now. @throws ContractError VALIDATORS_NOT_FOUND */
  @Transaction(false)
  @Returns('ValidatorHeadRecord')
  async Validators(ctx: Context): Promise<ValidatorHeadRecord> {
    return readHead(ctx);
  }

  /** A set by its epoch, the changes of the set counted from 1. @throws ContractError VALIDATORS_NOT_FOUND */
  @Transaction(false)
  @Returns('ValidatorSetRecord')
  async ValidatorSet(ctx: Context, epoch: string): Promise<ValidatorSetRecord> {
    return readSetOfEpoch(ctx, checkEpoch(epoch));
  }

  /** The statement of a link (protocol §7.3). @throws ContractError VALIDATORS_NOT_FOUND, ARGUMENT_INVALID unless `to` came later */
  @Transaction(false)
  @Param('from', 'string', 'SHA-256 of the older set, hex')
  @Param('to', 'string', 'SHA-256 of the newer set, hex')
  @Returns('ValidatorLinkStatement')
  async ProveValidators(ctx: Context, from: string, to: string): Promise<ValidatorLinkStatement> {
    const [older, newer] = await readStep(ctx, checkSet(from), checkSet(to));
    return {
      docType: 'validatorLink',
      schema: 1,
      channel: ctx.stub.getChannelID(),
      epoch: newer.epoch,
      from: older.digest,
      to: newer.digest,
    };
  }

  /** The table's own history, newest first. */
  @Transaction(false)
  @Returns('StakeHistoryEntry[]')
  async StakeHistory(ctx: Context): Promise<readonly HistoryEntry<object>[]> {
    return readHistory(ctx, STAKE_TABLE_KEY);
  }
}

function administratorOf(ctx: Context): Caller {
  const caller = callerOf(ctx);
  requireAdministrator(caller);
  return caller;
}

function digestOf(allocation: ReadonlyMap<string, bigint>): string {
  const amounts = [...allocation].map(([mspId, shares]) => [mspId, String(shares)] as const);
  return createHash('sha256')
    .update(encodeJson(Object.fromEntries(amounts)))
    .digest('hex');
}
