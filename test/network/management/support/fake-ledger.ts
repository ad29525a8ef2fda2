/** A ledger in memory: what the management node reads, what it writes, and events as a test makes them. */
import type {
  ContractEvents,
  DeviceRecord,
  ReleaseRecord,
  StatusReport,
  UpdateReport,
  VendorRecord,
} from '@lamplighter/chaincode';
import { LedgerError } from '../../../../network/src/ledger/ledger-error.ts';
import type {
  Committed,
  Ledger,
  LedgerEvent,
  PreparedTransaction,
  TransactionOutcome,
} from '../../../../network/src/ledger/ledger.ts';

import type { ProofSource } from '../../../../network/src/ledger/proofs.ts';

/** What a `send` does instead of committing and saying so. */
export type SendFault =
  /** Neither orderer nor peer answers, and nothing is ordered. */
  | 'lost'
  /** Committed, but the answer is lost. */
  | 'answer-lost'
  /** Ordered, and found invalid with this code. */
  | { readonly invalid: string };

export class FakeLedger implements Ledger {
  readonly mspId = 'NorthlightMSP';
  readonly vendors = new Map<string, VendorRecord>();
  readonly devices = new Map<string, DeviceRecord>();
  readonly releases = new Map<string, ReleaseRecord>();
  readonly statuses: StatusReport[] = [];
  readonly updates: UpdateReport[] = [];
  /** Thrown by the next submissions, first to last. */
  readonly failures: LedgerError[] = [];
  /** What the next sends do, first to last. */
  readonly sendFaults: SendFault[] = [];
  /** Peers that sign, where a test has some. */
  proofs?: ProofSource;
  /** What other queries answer: by name and arguments, joined by spaces. */
  readonly queries = new Map<string, unknown>();
  /** While set, nobody answers at all. */
  away = false;
  /** Validation code of every transaction that stands in a block. */
  readonly codes = new Map<string, string>();
  /** Ids in order of sending, each time it was sent. */
  readonly sent: string[] = [];
  readonly #prepared = new Map<string, readonly [string, readonly string[]]>();
  readonly #events: LedgerEvent[] = [];
  readonly #wake = new Set<() => void>();
  #transactions = 0;

  async submit(transaction: string, args: readonly string[]): Promise<Committed> {
    await this.#answers();
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.#endorse(transaction, args);
    this.#apply(transaction, args);
    this.#transactions += 1;
    const transactionId = `tx-${String(this.#transactions)}`;
    return { transactionId, blockNumber: 1, result: new Uint8Array(0) };
  }

  async prepare(
    transaction: string,
    args: readonly string[],
  ): Promise<PreparedTransaction & { readonly result: Uint8Array }> {
    await this.#answers();
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.#endorse(transaction, args);
    this.#transactions += 1;
    const transactionId = `tx-${String(this.#transactions)}`;
    this.#prepared.set(transactionId, [transaction, args]);
    return { transactionId, envelope: Buffer.from(transactionId), result: new Uint8Array(0) };
  }

  async send({ transactionId, envelope }: PreparedTransaction): Promise<TransactionOutcome> {
    if (Buffer.from(envelope).toString() !== transactionId)
      throw new RangeError('not its envelope');
    this.sent.push(transactionId);
    await this.#answers(true);
    const fault = this.sendFaults.shift();
    if (fault === 'lost') throw unavailable(true);
    const code = this.#commit(transactionId, fault);
    if (fault === 'answer-lost') throw unavailable(true);
    return { code, blockNumber: 1 };
  }

  async status(transactionId: string): Promise<string | undefined> {
    await this.#answers();
    return this.codes.get(transactionId);
  }

  async evaluate(transaction: string, args: readonly string[]): Promise<Uint8Array> {
    await this.#answers();
    const answer = this.queries.get([transaction, ...args].join(' '));
    return Buffer.from(JSON.stringify(answer ?? this.#read(transaction, args[0]!)));
  }

  async *events(options: {
    startBlock?: number;
    signal: AbortSignal;
  }): AsyncGenerator<LedgerEvent> {
    const aborted = (): void => {
      for (const wake of this.#wake) wake();
    };
    options.signal.addEventListener('abort', aborted);
    for (let next = 0; !options.signal.aborted;) {
      const event = this.#events[next];
      if (event === undefined) {
        await new Promise<void>((resolve) => this.#wake.add(resolve));
        continue;
      }
      next += 1;
      if (event.blockNumber >= (options.startBlock ?? 0)) yield event;
    }
  }

  async chain(): Promise<{ height: number; currentBlockHash: string }> {
    await this.#answers();
    return { height: this.#events.length, currentBlockHash: '00' };
  }

  /** Lets the listeners hear an event. */
  emit<N extends keyof ContractEvents>(name: N, value: ContractEvents[N]): void {
    const blockNumber = this.#events.length;
    const payload = Buffer.from(JSON.stringify(value));
    this.#events.push({
      blockNumber,
      transactionId: `event-${String(blockNumber)}`,
      name,
      payload,
    });
    for (const wake of this.#wake) wake();
    this.#wake.clear();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #answers(maybeOrdered = false): Promise<void> {
    await Promise.resolve();
    if (this.away) throw unavailable(maybeOrdered);
  }

  /** The contract's rules on numbers. */
  #endorse(transaction: string, args: readonly string[]): void {
    const reports = JSON.parse(args[0]!) as readonly (StatusReport & UpdateReport)[];
    if (transaction === 'StatusLog:ReportStatuses') {
      for (const report of reports) {
        const last = this.statuses.findLast(({ device }) => device === report.device);
        if (last !== undefined && report.n <= last.n) throw repeated(report, last);
      }
    } else if (transaction === 'Firmware:RecordUpdates') {
      for (const { device, attempt } of reports) {
        const last = this.updates.findLast((each) => each.device === device);
        if (last !== undefined && attempt <= last.attempt)
          throw new LedgerError('REPORT_DUPLICATE', device);
      }
    } else throw new LedgerError('TRANSACTION_UNKNOWN', transaction);
  }

  #apply(transaction: string, args: readonly string[]): void {
    const reports = JSON.parse(args[0]!) as unknown[];
    if (transaction === 'StatusLog:ReportStatuses')
      this.statuses.push(...(reports as StatusReport[]));
    else this.updates.push(...(reports as UpdateReport[]));
  }

  #commit(transactionId: string, fault: SendFault | undefined): string {
    if (this.codes.has(transactionId)) return 'DUPLICATE_TXID';
    const code = typeof fault === 'object' ? fault.invalid : 'VALID';
    this.codes.set(transactionId, code);
    const [transaction, args] = this.#prepared.get(transactionId)!;
    if (code === 'VALID') this.#apply(transaction, args);
    return code;
  }

  #read(transaction: string, id: string): unknown {
    switch (transaction) {
      case 'DeviceRegistry:ReadVendor':
        return found(this.vendors.get(id), 'VENDOR_NOT_FOUND');
      case 'DeviceRegistry:ReadDevice':
        return found(this.devices.get(id), 'DEVICE_NOT_FOUND');
      case 'DeviceRegistry:DevicesOf': {
        const items = [...this.devices.values()].filter((each) => each.assignment?.manager === id);
        return { items, bookmark: '' };
      }
      case 'StatusLog:ReadStatus': {
        const last = this.statuses.findLast((each) => each.device === id);
        return { docType: 'status', ...found(last, 'STATUS_NOT_FOUND') };
      }
      case 'Firmware:ReadRelease':
        return found(this.releases.get(id), 'RELEASE_NOT_FOUND');
      case 'Firmware:LatestRelease': {
        const approved = [...this.releases.values()]
          .filter((each) => each.model === id && each.state === 'approved')
          .sort((a, b) => b.firmware.sequence - a.firmware.sequence);
        return found(approved[0], 'RELEASE_NOT_FOUND');
      }
      default:
        throw new LedgerError('TRANSACTION_UNKNOWN', transaction);
    }
  }
}

function found<T>(value: T | undefined, code: string): T {
  if (value === undefined) throw new LedgerError(code, `${code}: nothing there`);
  return value;
}

function unavailable(maybeOrdered: boolean): LedgerError {
  return new LedgerError('UNAVAILABLE', 'nobody answers', { maybeOrdered });
}

function repeated({ device, n, observed }: StatusReport, last: StatusReport): LedgerError {
  const same = n === last.n && observed === last.observed;
  return new LedgerError(same ? 'REPORT_DUPLICATE' : 'REPORT_CONFLICT', `${device} ${String(n)}`);
}
