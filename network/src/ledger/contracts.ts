/**
 * The transactions of the contracts (design.md §3) with types in place of text, so that no caller handles JSON. Each
 * method is one transaction of the same name; reads take the peer to ask. Errors are {@link LedgerError}.
 */
import type {
  DeviceRecord,
  DeviceRegistration,
  HierarchyVendor,
  HistoryEntry,
  ManagementNodeRecord,
  ManagementNodeRegistration,
  ModelRecord,
  ModelRegistration,
  OverdueDevice,
  Page,
  ReleasePublication,
  ReleaseRecord,
  StatusRecord,
  StatusReport,
  Transmission,
  TransmissionRecord,
  UpdateRecord,
  UpdateReport,
  VendorRecord,
  VendorRegistration,
  WeakDevice,
} from '@lamplighter/chaincode';

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

export class Contracts {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  // DeviceRegistry

  registerVendor(vendor: VendorRegistration, options?: SubmitOptions): Promise<Committed> {
    return this.#submit('DeviceRegistry:RegisterVendor', [vendor], options);
  }

  registerModel(model: ModelRegistration, options?: SubmitOptions): Promise<Committed> {
    return this.#submit('DeviceRegistry:RegisterModel', [model], options);
  }

  registerManagementNode(
    manager: ManagementNodeRegistration,
    options?: SubmitOptions,
  ): Promise<Committed> {
    return this.#submit('DeviceRegistry:RegisterManagementNode', [manager], options);
  }

  /** Up to 500, all or nothing. */
  registerDevices(
    devices: readonly DeviceRegistration[],
    options?: SubmitOptions,
  ): Promise<Committed> {
    return this.#submit('DeviceRegistry:RegisterDevices', [devices], options);
  }

  /**
   * @param envelope `signed` assignment (protocol §2.2), which holds no secret
   * @param dueWithin seconds in which the manager's first report is due
   */
  assignDevice(
    envelope: Uint8Array,
    dueWithin: number,
    options?: SubmitOptions,
  ): Promise<Committed> {
    const args = [hex(envelope), String(dueWithin)];
    return this.#submit('DeviceRegistry:AssignDevice', args, options);
  }

  suspendDevice(device: string, reason: string, options?: SubmitOptions): Promise<Committed> {
    return this.#submit('DeviceRegistry:SuspendDevice', [device, reason], options);
  }

  /** @param envelope `signed` assignment with op 1 */
  retireDevice(device: string, envelope: Uint8Array, options?: SubmitOptions): Promise<Committed> {
    return this.#submit('DeviceRegistry:RetireDevice', [device, hex(envelope)], options);
  }

  readVendor(id: string, options?: EvaluateOptions): Promise<VendorRecord> {
    return this.#record('DeviceRegistry:ReadVendor', 'vendor', id, options);
  }

  readModel(id: string, options?: EvaluateOptions): Promise<ModelRecord> {
    return this.#record('DeviceRegistry:ReadModel', 'model', id, options);
  }

  readManagementNode(id: string, options?: EvaluateOptions): Promise<ManagementNodeRecord> {
    return this.#record('DeviceRegistry:ReadManagementNode', 'managementNode', id, options);
  }

  readDevice(id: string, options?: EvaluateOptions): Promise<DeviceRecord> {
    return this.#record('DeviceRegistry:ReadDevice', 'device', id, options);
  }

  deviceHistory(
    id: string,
    options?: EvaluateOptions,
  ): Promise<readonly HistoryEntry<DeviceRecord>[]> {
    return this.#evaluate('DeviceRegistry:DeviceHistory', [id], options);
  }

  /** Devices that a manager has now. */
  devicesOf(manager: string, options: PageOptions = {}): Promise<Page<DeviceRecord>> {
    return this.#page('DeviceRegistry:DevicesOf', [manager], options);
  }

  /** Vendors, their models, who manages the devices of each. */
  hierarchy(options: PageOptions = {}): Promise<Page<HierarchyVendor>> {
    return this.#page('DeviceRegistry:Hierarchy', [], options);
  }

  /** Assigned devices, the weakest suite first. */
  weakestDevices(options: PageOptions = {}): Promise<Page<WeakDevice>> {
    return this.#page('DeviceRegistry:WeakestDevices', [], options);
  }

  // StatusLog

  /** Up to 500, all or nothing. */
  reportStatuses(reports: readonly StatusReport[], options?: SubmitOptions): Promise<Committed> {
    return this.#submit('StatusLog:ReportStatuses', [reports], options);
  }

  /** As {@link reportStatuses}, endorsed and signed only. */
  prepareStatuses(
    reports: readonly StatusReport[],
    options?: SubmitOptions,
  ): Promise<PreparedTransaction> {
    const args = [argument(reports)];
    return this.#ledger.prepare('StatusLog:ReportStatuses', args, options);
  }

  readStatus(device: string, options?: EvaluateOptions): Promise<StatusRecord> {
    return this.#record('StatusLog:ReadStatus', 'status', device, options);
  }

  statusHistory(
    device: string,
    options?: EvaluateOptions,
  ): Promise<readonly HistoryEntry<StatusRecord>[]> {
    return this.#evaluate('StatusLog:StatusHistory', [device], options);
  }

  abnormalDevices(options: PageOptions = {}): Promise<Page<StatusRecord>> {
    return this.#page('StatusLog:AbnormalDevices', [], options);
  }

  overdueDevices(options: PageOptions = {}): Promise<Page<OverdueDevice>> {
    return this.#page('StatusLog:OverdueDevices', [], options);
  }

  // Firmware

  publishRelease(release: ReleasePublication, options?: SubmitOptions): Promise<Committed> {
    return this.#submit('Firmware:PublishRelease', [release], options);
  }

  approveRelease(id: string, options?: SubmitOptions): Promise<Committed> {
    return this.#submit('Firmware:ApproveRelease', [id], options);
  }

  withdrawRelease(id: string, reason: string, options?: SubmitOptions): Promise<Committed> {
    return this.#submit('Firmware:WithdrawRelease', [id, reason], options);
  }

  recordTransmissions(
    transmissions: readonly Transmission[],
    options?: SubmitOptions,
  ): Promise<Committed> {
    return this.#submit('Firmware:RecordTransmission', [transmissions], options);
  }

  recordUpdates(updates: readonly UpdateReport[], options?: SubmitOptions): Promise<Committed> {
    return this.#submit('Firmware:RecordUpdates', [updates], options);
  }

  /** As {@link recordUpdates}, endorsed and signed only. */
  prepareUpdates(
    updates: readonly UpdateReport[],
    options?: SubmitOptions,
  ): Promise<PreparedTransaction> {
    return this.#ledger.prepare('Firmware:RecordUpdates', [argument(updates)], options);
  }

  readRelease(id: string, options?: EvaluateOptions): Promise<ReleaseRecord> {
    return this.#record('Firmware:ReadRelease', 'release', id, options);
  }

  /** The highest approved (gen, sequence) of a model; undefined when there is none. */
  async latestRelease(
    model: string,
    options?: EvaluateOptions,
  ): Promise<ReleaseRecord | undefined> {
    try {
      return await this.#record<ReleaseRecord>('Firmware:LatestRelease', 'release', model, options);
    } catch (error) {
      if (error instanceof LedgerError && error.code === 'RELEASE_NOT_FOUND') return undefined;
      throw error;
    }
  }

  /** All releases of a model, newest first, whatever their state. */
  releasesOf(model: string, options: PageOptions = {}): Promise<Page<ReleaseRecord>> {
    return this.#page('Firmware:ReleasesOf', [model], options);
  }

  /** Who took a release's image. */
  transmissionHistory(
    release: string,
    options: PageOptions = {},
  ): Promise<Page<TransmissionRecord>> {
    return this.#page('Firmware:TransmissionHistory', [release], options);
  }

  updateHistory(
    device: string,
    options?: EvaluateOptions,
  ): Promise<readonly HistoryEntry<UpdateRecord>[]> {
    return this.#evaluate('Firmware:UpdateHistory', [device], options);
  }

  #submit(
    transaction: TransactionName,
    args: readonly unknown[],
    options?: SubmitOptions,
  ): Promise<Committed> {
    return this.#ledger.submit(transaction, args.map(argument), options);
  }

  async #evaluate<T>(
    transaction: TransactionName,
    args: readonly unknown[],
    options?: EvaluateOptions,
  ): Promise<T> {
    const result = await this.#ledger.evaluate(transaction, args.map(argument), options);
    try {
      return JSON.parse(Buffer.from(result).toString('utf8')) as T;
    } catch (error) {
      throw new LedgerError('RECORD_MALFORMED', `${transaction} did not answer JSON`, {
        cause: error,
      });
    }
  }

  async #record<T extends { readonly docType: string }>(
    transaction: TransactionName,
    docType: T['docType'],
    id: string,
    options?: EvaluateOptions,
  ): Promise<T> {
    const record = await this.#evaluate<Partial<T> | null>(transaction, [id], options);
    if (record?.docType !== docType) {
      throw new LedgerError(
        'RECORD_MALFORMED',
        `${transaction}: expected a ${docType}, got ${String(record?.docType)}`,
      );
    }
    return record as T;
  }

  #page<T>(
    transaction: TransactionName,
    args: readonly string[],
    options: PageOptions,
  ): Promise<Page<T>> {
    const pageSize = String(options.pageSize ?? 100);
    return this.#evaluate(transaction, [...args, pageSize, options.bookmark ?? ''], options);
  }
}

/** Text as it is, all else as JSON. */
function argument(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
