/** What typed contracts call: values go in as text, JSON comes out as what it is said to be. */
import type { Page } from '@lamplighter/chaincode';

import { LedgerError } from './ledger-error.ts';
import type {
  Committed,
  EvaluateOptions,
  Ledger,
  PreparedTransaction,
  SubmitOptions,
  TransactionName,
} from './ledger.ts';

/** What a page of a list starts from; empty bookmark: the first page. */
export interface PageOptions extends EvaluateOptions {
  /** @default 100 */
  readonly pageSize?: number;
  readonly bookmark?: string;
}

export class ContractCalls {
  readonly ledger: Ledger;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  submit(
    transaction: TransactionName,
    args: readonly unknown[],
    options?: SubmitOptions,
  ): Promise<Committed> {
    return this.ledger.submit(transaction, args.map(argument), options);
  }

  prepare(
    transaction: TransactionName,
    args: readonly unknown[],
    options?: SubmitOptions,
  ): Promise<PreparedTransaction> {
    return this.ledger.prepare(transaction, args.map(argument), options);
  }

  /** @throws LedgerError RECORD_MALFORMED */
  async evaluate<T>(
    transaction: TransactionName,
    args: readonly unknown[],
    options?: EvaluateOptions,
  ): Promise<T> {
    const result = await this.ledger.evaluate(transaction, args.map(argument), options);
    try {
      return JSON.parse(Buffer.from(result).toString('utf8')) as T;
    } catch (error) {
      throw new LedgerError('RECORD_MALFORMED', `${transaction} did not answer JSON`, {
        cause: error,
      });
    }
  }

  /** @throws LedgerError RECORD_MALFORMED */
  async record<T extends { readonly docType: string }>(
    transaction: TransactionName,
    docType: T['docType'],
    id: string,
    options?: EvaluateOptions,
  ): Promise<T> {
    const record = await this.evaluate<Partial<T> | null>(transaction, [id], options);
    if (record?.docType !== docType) {
      throw new LedgerError(
        'RECORD_MALFORMED',
        `${transaction}: expected a ${docType}, got ${String(record?.docType)}`,
      );
    }
    return record as T;
  }

  page<T>(
    transaction: TransactionName,
    args: readonly string[],
    options: PageOptions,
  ): Promise<Page<T>> {
    const pageSize = String(options.pageSize ?? 100);
    return this.evaluate(transaction, [...args, pageSize, options.bookmark ?? ''], options);
  }
}

/** Bytes as contracts take them. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Text as it is, all else as JSON. */
function argument(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
