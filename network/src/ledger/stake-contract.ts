/**
 * The transactions of the contract Stake (design §5) with types in place of text: one method a transaction, of the same name.
 * Shares are decimal strings, as on the ledger; the table is decoded.
 */
import type {
  CoinAge,
  ElectionEntry,
  HistoryEntry,
  MisconductReport,
  Page,
  StakeAllocation,
  StakeCaseRecord,
  StakeFounding,
  StakeOffer,
  StakeOfferRecord,
  ValidatorHeadRecord,
  ValidatorSetRecord,
} from '@lamplighter/chaincode';
import { decodeStakeTable, type StakeTable } from '@lamplighter/chaincode/stake';

import type { ContractCalls, PageOptions } from './contract-calls.ts';
import { LedgerError } from './ledger-error.ts';
import type { Committed, EvaluateOptions, SubmitOptions } from './ledger.ts';

export class StakeContract {
  readonly #calls: ContractCalls;

  constructor(calls: ContractCalls) {
    this.#calls = calls;
  }

  /** Once, by an administrator. */
  initialise(founding: StakeFounding, options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('Stake:Initialise', [founding], options);
  }

  /** By an administrator, of its organisation's shares. */
  offerShares(offer: StakeOffer, options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('Stake:OfferShares', [offer], options);
  }

  /** By an administrator, for its organisation. */
  acceptOffer(id: string, options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('Stake:AcceptOffer', [id], options);
  }

  /** By an administrator of the seller. */
  withdrawOffer(id: string, options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('Stake:WithdrawOffer', [id], options);
  }

  /** By any member, once an epoch. @throws LedgerError EPOCH_NOT_OVER */
  electValidator(options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('Stake:ElectValidator', [], options);
  }

  /**
   * A vote of the caller's organisation.
   *
   * @param validator MSP id of the epoch's validator
   * @param reason 1 to 200 printable ASCII characters
   */
  skipValidator(
    validator: string,
    epoch: number,
    reason: string,
    options?: SubmitOptions,
  ): Promise<Committed> {
    return this.#calls.submit('Stake:SkipValidator', [validator, String(epoch), reason], options);
  }

  /** The caller's organisation takes turns again. @throws LedgerError NOT_ABSENT */
  return(options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('Stake:Return', [], options);
  }

  reportMisconduct(report: MisconductReport, options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('Stake:ReportMisconduct', [report], options);
  }

  /** A vote of an administrator's organisation. */
  voteBurn(caseId: string, options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('Stake:VoteBurn', [caseId], options);
  }

  /** A vote of an administrator's organisation. */
  liftBar(caseId: string, options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('Stake:LiftBar', [caseId], options);
  }

  /** A vote of an administrator's organisation, for this list and no other. */
  reissue(allocation: readonly StakeAllocation[], options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('Stake:Reissue', [allocation], options);
  }

  /** @throws LedgerError STAKE_NOT_INITIALISED, RECORD_MALFORMED */
  async readTable(options?: EvaluateOptions): Promise<StakeTable> {
    const table = decodeStakeTable(
      await this.#calls.ledger.evaluate('Stake:ReadTable', [], options),
    );
    if (table !== null) return table;
    throw new LedgerError('RECORD_MALFORMED', 'Stake:ReadTable did not answer a stake table');
  }

  coinAges(options?: EvaluateOptions): Promise<readonly CoinAge[]> {
    return this.#calls.evaluate('Stake:CoinAges', [], options);
  }

  /** Newest first. */
  elections(options?: EvaluateOptions): Promise<readonly ElectionEntry[]> {
    return this.#calls.evaluate('Stake:Elections', [], options);
  }

  cases(options: PageOptions = {}): Promise<Page<StakeCaseRecord>> {
    return this.#calls.page('Stake:Cases', [], options);
  }

  offers(options: PageOptions = {}): Promise<Page<StakeOfferRecord>> {
    return this.#calls.page('Stake:Offers', [], options);
  }

  /** Which validator set devices should know (protocol §7.3). @throws LedgerError VALIDATORS_NOT_FOUND */
  validators(options?: EvaluateOptions): Promise<ValidatorHeadRecord> {
    return this.#calls.evaluate('Stake:Validators', [], options);
  }

  /** @throws LedgerError VALIDATORS_NOT_FOUND */
  validatorSet(epoch: number, options?: EvaluateOptions): Promise<ValidatorSetRecord> {
    return this.#calls.evaluate('Stake:ValidatorSet', [String(epoch)], options);
  }

  /** The table's own, newest first, as it is written. */
  stakeHistory(options?: EvaluateOptions): Promise<readonly HistoryEntry<object>[]> {
    return this.#calls.evaluate('Stake:StakeHistory', [], options);
  }
}
