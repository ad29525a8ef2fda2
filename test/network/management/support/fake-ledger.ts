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
import type { Committed, Ledger, LedgerEvent } from '../../../../network/src/ledger/ledger.ts';

export class FakeLedger implements Ledger {
  readonly mspId = 'NorthlightMSP';
  readonly vendors = new Map<string, VendorRecord>();
  readonly devices = new Map<string, DeviceRecord>();
  readonly releases = new Map<string, ReleaseRecord>();
  readonly statuses: StatusReport[] = [];
  readonly updates: UpdateReport[] = [];
  /** Thrown by the next submissions, first to last. */
  readonly failures: LedgerError[] = [];
  readonly #events: LedgerEvent[] = [];
  readonly #wake = new Set<() => void>();
  #transactions = 0;

  submit(transaction: string, args: readonly string[]): Promise<Committed> {
    const failure = this.failures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    const reports = JSON.parse(args[0]!) as unknown[];
    if (transaction === 'StatusLog:ReportStatuses')
      this.statuses.push(...(reports as StatusReport[]));
    else if (transaction === 'Firmware:RecordUpdates')
      this.updates.push(...(reports as UpdateReport[]));
    else return Promise.reject(new LedgerError('TRANSACTION_UNKNOWN', transaction));
    this.#transactions += 1;
    const transactionId = `tx-${String(this.#transactions)}`;
    return Promise.resolve({ transactionId, blockNumber: 1, result: new Uint8Array(0) });
  }

  async evaluate(transaction: string, args: readonly string[]): Promise<Uint8Array> {
    await Promise.resolve();
    return Buffer.from(JSON.stringify(this.#read(transaction, args[0]!)));
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

  chain(): Promise<{ height: number; currentBlockHash: string }> {
    return Promise.resolve({ height: this.#events.length, currentBlockHash: '00' });
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
