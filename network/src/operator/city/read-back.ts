/**
 * Reads what the gateways wrote through the peer of an organisation that did not write it, and holds it against what
 * the gateways said: the proof that the record is shared and not one company's word.
 */
import type { DeviceKind, HistoryEntry, StatusRecord } from '@lamplighter/chaincode';
import type { Contracts } from '../../ledger/contracts.ts';
import type { DeviceEntry } from './journal.ts';
import { MANAGERS, VENDORS } from './plan.ts';

export interface DeviceReport {
  readonly id: string;
  readonly kind: DeviceKind;
  readonly vendor: string;
  readonly manager: string;
  readonly model: string;
  /** Version that the ledger says the device runs. */
  readonly version: string;
  readonly status: string;
  /** Newest first. */
  readonly history: readonly {
    readonly time: string;
    readonly status: string;
    readonly version: string;
    readonly transaction: string;
  }[];
  /** MSP id of the organisation whose peer answered. */
  readonly readThrough: string;
}

export interface ReadBack {
  readonly reports: readonly DeviceReport[];
  /** Where ledger and gateways differ; empty when all is well. */
  readonly differences: readonly string[];
}

/** Reads every device's record, status and history. */
export async function readBack(
  contracts: Contracts,
  entries: readonly DeviceEntry[],
): Promise<ReadBack> {
  const reports = await Promise.all(entries.map((entry) => readDevice(contracts, entry)));
  const differences = entries.flatMap((entry, index) => {
    const report = reports[index];
    return report === undefined ? [] : differ(entry, report);
  });
  return { reports, differences };
}

async function readDevice(contracts: Contracts, entry: DeviceEntry): Promise<DeviceReport> {
  const { id } = entry.device;
  const organisation = otherOrganisation(entry.device.manager);
  const through = { organisation };
  const [device, status, history] = await Promise.all([
    contracts.readDevice(id, through),
    contracts.readStatus(id, through),
    contracts.statusHistory(id, through),
  ]);
  return {
    id,
    kind: device.kind,
    vendor: device.vendor,
    manager: device.assignment?.manager ?? '',
    model: device.model,
    version: device.firmware.version,
    status: status.status,
    history: history.flatMap(historyLine),
    readThrough: organisation,
  };
}

function historyLine(entry: HistoryEntry<StatusRecord>): DeviceReport['history'] {
  if (entry.value === null) return [];
  const { status, version } = entry.value;
  return [{ time: entry.time, status, version, transaction: entry.txId }];
}

function differ(entry: DeviceEntry, report: DeviceReport): readonly string[] {
  const differences: string[] = [];
  if (report.manager !== entry.device.manager) {
    differences.push(`${report.id} is managed by ${report.manager} on the ledger`);
  }
  if (report.version !== entry.version) {
    differences.push(`${report.id} runs ${report.version} on the ledger, ${entry.version} here`);
  }
  if (entry.device.tampered !== (report.status === 'abnormal')) {
    differences.push(`${report.id} is ${report.status} on the ledger`);
  }
  if (report.history.length === 0) differences.push(`${report.id} has no history on the ledger`);
  return differences;
}

/** An organisation other than the one the manager reports for. */
function otherOrganisation(manager: string): string {
  const writer = MANAGERS.find((each) => each.id === manager)?.mspId;
  const other = VENDORS.findLast((vendor) => vendor.mspId !== writer);
  if (other === undefined) throw new RangeError('a city has at least two organisations');
  return other.mspId;
}
