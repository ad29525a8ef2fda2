/**
 * Brings one batch to the ledger exactly once (design §8): the signed transaction is on the disk before it is sent; the same
 * one is sent again until its status is known; a new one is made only when the first is known to be invalid.
 */
import { LedgerError } from '../../ledger/ledger-error.ts';
import type { PreparedTransaction } from '../../ledger/ledger.ts';

/** What a settlement works with. */
export interface SettlementParts {
  /** Endorses and signs the batch. */
  readonly prepare: () => Promise<PreparedTransaction>;
  /** Stores it; what is not stored is not sent. */
  readonly keep: (prepared: PreparedTransaction) => Promise<void>;
  /** @returns Fabric's validation code */
  readonly send: (prepared: PreparedTransaction) => Promise<string>;
  /** @returns Fabric's validation code, undefined when no block has it */
  readonly status: (transactionId: string) => Promise<string | undefined>;
}

const VALID = 'VALID';
/** Two copies of it were ordered: what became of the first is what counts. */
const DUPLICATE = 'DUPLICATE_TXID';
/**
 * Refusals by every orderer after which a transaction in doubt is given up: it was signed under an identity that is no
 * longer taken. Should it stand in a block all the same, the contract refuses the numbers of the new one as duplicates.
 */
const ORDERER_REFUSALS = 8;

/** See the module comment. */
export class Settlement {
  readonly #parts: SettlementParts;
  #prepared: PreparedTransaction | null;
  /** Whether it may have been ordered. */
  #doubt: boolean;
  #refusals = 0;

  /** @param stored what an earlier process kept: nobody knows whether it was sent */
  constructor(parts: SettlementParts, stored: PreparedTransaction | null = null) {
    this.#parts = parts;
    this.#prepared = stored;
    this.#doubt = stored !== null;
  }

  /** True while a transaction may yet be committed: nothing but asking and sending it again is right then. */
  get isUndecided(): boolean {
    return this.#prepared !== null;
  }

  /**
   * One try.
   *
   * @returns the id of the valid transaction
   * @throws LedgerError with the contract's code when it is not endorsed, Fabric's when it was found invalid, UNAVAILABLE,
   *   TIMEOUT, ORDERER_REFUSED; {@link ManagementError} when it can not be stored
   */
  async attempt(): Promise<string> {
    const prepared = this.#prepared ?? (await this.#prepare());
    const { transactionId } = prepared;
    const code = await this.#codeOf(prepared);
    if (code === VALID) return transactionId;
    this.#prepared = null;
    throw new LedgerError(code, `reports were found invalid: ${code}`, { transactionId });
  }

  async #prepare(): Promise<PreparedTransaction> {
    const prepared = await this.#parts.prepare();
    await this.#parts.keep(prepared);
    this.#prepared = prepared;
    this.#doubt = false;
    this.#refusals = 0;
    return prepared;
  }

  async #codeOf(prepared: PreparedTransaction): Promise<string> {
    const { transactionId } = prepared;
    if (this.#doubt) {
      const known = await this.#parts.status(transactionId);
      if (known !== undefined) return known;
    }
    const code = await this.#send(prepared);
    if (code !== DUPLICATE) return code;
    const first = await this.#parts.status(transactionId);
    if (first !== undefined) return first;
    const text = 'a peer says that it has this transaction, and does not tell its status';
    throw new LedgerError('UNAVAILABLE', text, { transactionId, maybeOrdered: true });
  }

  async #send(prepared: PreparedTransaction): Promise<string> {
    try {
      return await this.#parts.send(prepared);
    } catch (error) {
      const isOut = error instanceof LedgerError && !error.maybeOrdered;
      if (!isOut) this.#doubt = true;
      if (error instanceof LedgerError) this.#count(error);
      throw error;
    }
  }

  /** Those that answered refuse it; an orderer that did not answer, or an earlier sending, may have ordered it. */
  #count({ code }: LedgerError): void {
    if (code !== 'ORDERER_REFUSED') return;
    this.#refusals += 1;
    if (!this.#doubt || this.#refusals >= ORDERER_REFUSALS) this.#prepared = null;
  }
}
