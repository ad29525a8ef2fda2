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

import { ContractCalls, hex, type PageOptions } from './contract-calls.ts';
import { LedgerError } from './ledger-error.ts';
import type {
  Committed,
  EvaluateOptions,
  Ledger,
  PreparedTransaction,
  SubmitOptions,
} from './ledger.ts';
import { StakeContract } from './stake-contract.ts';

export type { PageOptions };

export class Contracts {
  /** The contract Stake. */
  readonly stake: StakeContract;
  readonly #calls: ContractCalls;

  constructor(ledger: Ledger) {
    this.#calls = new ContractCalls(ledger);
    this.stake = new StakeContract(this.#calls);
  }

  get ledger(): Ledger {
    return this.#calls.ledger;
  }

  // DeviceRegistry

  registerVendor(vendor: VendorRegistration, options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('DeviceRegistry:RegisterVendor', [vendor], options);
  }

  registerModel(model: ModelRegistration, options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('DeviceRegistry:RegisterModel', [model], options);
  }

  registerManagementNode(
    manager: ManagementNodeRegistration,
    options?: SubmitOptions,
  ): Promise<Committed> {
    return this.#calls.submit('DeviceRegistry:RegisterManagementNode', [manager], options);
  }

  /** Up to 500, all or nothing. */
  registerDevices(
    devices: readonly DeviceRegistration[],
    options?: SubmitOptions,
  ): Promise<Committed> {
    return this.#calls.submit('DeviceRegistry:RegisterDevices', [devices], options);
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
    return this.#calls.submit('DeviceRegistry:AssignDevice', args, options);
  }

  suspendDevice(device: string, reason: string, options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('DeviceRegistry:SuspendDevice', [device, reason], options);
  }

  /** @param envelope `signed` assignment with op 1 */
  retireDevice(device: string, envelope: Uint8Array, options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('DeviceRegistry:RetireDevice', [device, hex(envelope)], options);
  }

  readVendor(id: string, options?: EvaluateOptions): Promise<VendorRecord> {
    return this.#calls.record('DeviceRegistry:ReadVendor', 'vendor', id, options);
  }

  readModel(id: string, options?: EvaluateOptions): Promise<ModelRecord> {
    return this.#calls.record('DeviceRegistry:ReadModel', 'model', id, options);
  }

  readManagementNode(id: string, options?: EvaluateOptions): Promise<ManagementNodeRecord> {
    return this.#calls.record('DeviceRegistry:ReadManagementNode', 'managementNode', id, options);
  }

  readDevice(id: string, options?: EvaluateOptions): Promise<DeviceRecord> {
    return this.#calls.record('DeviceRegistry:ReadDevice', 'device', id, options);
  }

  deviceHistory(
    id: string,
    options?: EvaluateOptions,
  ): Promise<readonly HistoryEntry<DeviceRecord>[]> {
    return this.#calls.evaluate('DeviceRegistry:DeviceHistory', [id], options);
  }

  /** Devices that a manager has now. */
  devicesOf(manager: string, options: PageOptions = {}): Promise<Page<DeviceRecord>> {
    return this.#calls.page('DeviceRegistry:DevicesOf', [manager], options);
  }

  /** Vendors, their models, who manages the devices of each. */
  hierarchy(options: PageOptions = {}): Promise<Page<HierarchyVendor>> {
    return this.#calls.page('DeviceRegistry:Hierarchy', [], options);
  }

  /** Assigned devices, the weakest suite first. */
  weakestDevices(options: PageOptions = {}): Promise<Page<WeakDevice>> {
    return this.#calls.page('DeviceRegistry:WeakestDevices', [], options);
  }

  // StatusLog

  /** Up to 500, all or nothing. */
  reportStatuses(reports: readonly StatusReport[], options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('StatusLog:ReportStatuses', [reports], options);
  }

  /** As {@link reportStatuses}, endorsed and signed only. */
  prepareStatuses(
    reports: readonly StatusReport[],
    options?: SubmitOptions,
  ): Promise<PreparedTransaction> {
    return this.#calls.prepare('StatusLog:ReportStatuses', [reports], options);
  }

  readStatus(device: string, options?: EvaluateOptions): Promise<StatusRecord> {
    return this.#calls.record('StatusLog:ReadStatus', 'status', device, options);
  }

  statusHistory(
    device: string,
    options?: EvaluateOptions,
  ): Promise<readonly HistoryEntry<StatusRecord>[]> {
    return this.#calls.evaluate('StatusLog:StatusHistory', [device], options);
  }

  abnormalDevices(options: PageOptions = {}): Promise<Page<StatusRecord>> {
    return this.#calls.page('StatusLog:AbnormalDevices', [], options);
  }

  overdueDevices(options: PageOptions = {}): Promise<Page<OverdueDevice>> {
    return this.#calls.page('StatusLog:OverdueDevices', [], options);
  }

  // Firmware

  publishRelease(release: ReleasePublication, options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('Firmware:PublishRelease', [release], options);
  }

  approveRelease(id: string, options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('Firmware:ApproveRelease', [id], options);
  }

  withdrawRelease(id: string, reason: string, options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('Firmware:WithdrawRelease', [id, reason], options);
  }

  recordTransmissions(
    transmissions: readonly Transmission[],
    options?: SubmitOptions,
  ): Promise<Committed> {
    return this.#calls.submit('Firmware:RecordTransmission', [transmissions], options);
  }

  recordUpdates(updates: readonly UpdateReport[], options?: SubmitOptions): Promise<Committed> {
    return this.#calls.submit('Firmware:RecordUpdates', [updates], options);
  }

  /** As {@link recordUpdates}, endorsed and signed only. */
  prepareUpdates(
    updates: readonly UpdateReport[],
    options?: SubmitOptions,
  ): Promise<PreparedTransaction> {
    return this.#calls.prepare('Firmware:RecordUpdates', [updates], options);
  }

  readRelease(id: string, options?: EvaluateOptions): Promise<ReleaseRecord> {
    return this.#calls.record('Firmware:ReadRelease', 'release', id, options);
  }

  /** The highest approved (gen, sequence) of a model; undefined when there is none. */
  async latestRelease(
    model: string,
    options?: EvaluateOptions,
  ): Promise<ReleaseRecord | undefined> {
    try {
      return await this.#calls.record<ReleaseRecord>(
        'Firmware:LatestRelease',
        'release',
        model,
        options,
      );
    } catch (error) {
      if (error instanceof LedgerError && error.code === 'RELEASE_NOT_FOUND') return undefined;
      throw error;
    }
  }

  /** All releases of a model, newest first, whatever their state. */
  releasesOf(model: string, options: PageOptions = {}): Promise<Page<ReleaseRecord>> {
    return this.#calls.page('Firmware:ReleasesOf', [model], options);
  }

  /** Who took a release's image. */
  transmissionHistory(
    release: string,
    options: PageOptions = {},
  ): Promise<Page<TransmissionRecord>> {
    return this.#calls.page('Firmware:TransmissionHistory', [release], options);
  }

  updateHistory(
    device: string,
    options?: EvaluateOptions,
  ): Promise<readonly HistoryEntry<UpdateRecord>[]> {
    return this.#calls.evaluate('Firmware:UpdateHistory', [device], options);
  }
}
