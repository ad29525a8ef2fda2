/** What a vendor's operator does with its organisation's shares and votes (design §5). Conflicts that pass are tried again. */
import type { StakeOffer } from '@lamplighter/chaincode';
import type { StakeTable } from '@lamplighter/chaincode/stake';

import {
  readStakeStatus,
  type Committed,
  type StakeContract,
  type StakeStatus,
} from '../ledger/index.ts';
import { withRetries } from './retry.ts';

/** A vote for a skip. */
export interface SkipVote {
  readonly validator: string;
  readonly epoch: number;
  /** Whether this vote carried it; else it waits for others. */
  readonly carried: boolean;
}

export class StakeDesk {
  readonly #stake: StakeContract;
  readonly #mspId: string;
  readonly #closing: AbortSignal;

  /** @param mspId of the own organisation */
  constructor(stake: StakeContract, mspId: string, closing: AbortSignal) {
    this.#stake = stake;
    this.#mspId = mspId;
    this.#closing = closing;
  }

  /** @throws LedgerError STAKE_NOT_INITIALISED */
  status(signal?: AbortSignal): Promise<StakeStatus> {
    return readStakeStatus(this.#stake, { signal: this.#signal(signal) });
  }

  offer(offer: StakeOffer, signal?: AbortSignal): Promise<Committed> {
    return this.#submit((options) => this.#stake.offerShares(offer, options), signal);
  }

  accept(offer: string, signal?: AbortSignal): Promise<Committed> {
    return this.#submit((options) => this.#stake.acceptOffer(offer, options), signal);
  }

  withdraw(offer: string, signal?: AbortSignal): Promise<Committed> {
    return this.#submit((options) => this.#stake.withdrawOffer(offer, options), signal);
  }

  /** Votes to pass over the validator of now. @param reason 1 to 200 printable ASCII characters */
  async skip(reason: string, signal?: AbortSignal): Promise<SkipVote> {
    const options = { signal: this.#signal(signal) };
    const before = await this.#stake.readTable(options);
    const { validator, epoch } = before;
    await this.#submit(
      (given) => this.#stake.skipValidator(validator, epoch, reason, given),
      signal,
    );
    const after = await this.#stake.readTable(options);
    return { validator, epoch, carried: skipsOf(after, validator) > skipsOf(before, validator) };
  }

  /** The own organisation takes turns again. */
  async return(signal?: AbortSignal): Promise<{ readonly organisation: string }> {
    await this.#submit((options) => this.#stake.return(options), signal);
    return { organisation: this.#mspId };
  }

  /** Votes to burn the shares of who diverged. @param id of the case */
  voteBurn(id: string, signal?: AbortSignal): Promise<Committed> {
    return this.#submit((options) => this.#stake.voteBurn(id, options), signal);
  }

  /** Votes to give back its voice. @param id of the case */
  liftBar(id: string, signal?: AbortSignal): Promise<Committed> {
    return this.#submit((options) => this.#stake.liftBar(id, options), signal);
  }

  #submit(
    transaction: (options: { readonly signal: AbortSignal }) => Promise<Committed>,
    given?: AbortSignal,
  ): Promise<Committed> {
    const signal = this.#signal(given);
    return withRetries(() => transaction({ signal }), signal);
  }

  #signal(signal?: AbortSignal): AbortSignal {
    return signal === undefined ? this.#closing : AbortSignal.any([signal, this.#closing]);
  }
}

function skipsOf({ organisations }: StakeTable, mspId: string): number {
  return organisations.find((holder) => holder.mspId === mspId)?.skips ?? 0;
}
