/** StatusLog: the status S_i of every monitored device, reported by its manager (protocol §6.2, steps 9 and 10). */
import { Context, Info, Param, Returns, Transaction } from 'fabric-contract-api';
import { checkId, checkPage, parse } from './arguments.ts';
import { callerOf } from './caller.ts';
import { encodeJson } from './canonical-json.ts';
import { LamplighterContract } from './contract.ts';
import { ContractError } from './errors.ts';
import { keys } from './keys.ts';
import { reporterOf, type ManagedDevice } from './lookups.ts';
import { readOverdue } from './overdue.ts';
import type {
  DeviceStatus,
  HistoryEntry,
  OverdueDevice,
  Page,
  StatusRecord,
  StatusReport,
} from './records.ts';
import {
  addIndex,
  emit,
  readHistory,
  readPage,
  readRecord,
  removeIndex,
  requireRecord,
  transactionTime,
  writeRecord,
} from './state.ts';

/** Statuses that somebody has to look into. */
const isAbnormal = (status: DeviceStatus | undefined): boolean =>
  status === 'abnormal' || status === 'clone-suspected';

/** Whether the record is this very report, which an earlier transaction brought. */
function isSameReport(record: StatusRecord, last: StatusRecord): boolean {
  return encodeJson({ ...record, time: last.time }).toString() === encodeJson(last).toString();
}

@Info({ title: 'StatusLog', description: 'The status of every monitored device' })
export class StatusLog extends LamplighterContract {
  constructor() {
    super('StatusLog');
  }

  @Transaction()
  @Param('json', 'string', 'StatusReport')
  async ReportStatus(ctx: Context, json: string): Promise<void> {
    await this.#report(ctx, [parse.statusReport(json)]);
  }

  @Transaction()
  @Param('json', 'string', 'StatusReport[], up to 500, one a device, all of one manager')
  async ReportStatuses(ctx: Context, json: string): Promise<void> {
    await this.#report(ctx, parse.statusReports(json));
  }

  @Transaction(false)
  @Returns('StatusRecord')
  async ReadStatus(ctx: Context, device: string): Promise<StatusRecord> {
    const key = keys.status(checkId(device, 'device'));
    return requireRecord<StatusRecord>(ctx, key, 'STATUS_NOT_FOUND');
  }

  @Transaction(false)
  @Returns('StatusHistoryEntry[]')
  async StatusHistory(
    ctx: Context,
    device: string,
  ): Promise<readonly HistoryEntry<StatusRecord>[]> {
    return readHistory<StatusRecord>(ctx, keys.status(checkId(device, 'device')));
  }

  @Transaction(false)
  @Returns('StatusPage')
  async AbnormalDevices(
    ctx: Context,
    pageSize: string,
    bookmark: string,
  ): Promise<Page<StatusRecord>> {
    return readPage(ctx, keys.abnormal(''), checkPage(pageSize, bookmark), ([device = '']) =>
      requireRecord<StatusRecord>(ctx, keys.status(device), 'STATUS_NOT_FOUND'),
    );
  }

  @Transaction(false)
  @Returns('OverduePage')
  async OverdueDevices(
    ctx: Context,
    pageSize: string,
    bookmark: string,
  ): Promise<Page<OverdueDevice>> {
    return readOverdue(ctx, checkPage(pageSize, bookmark));
  }

  /** All or nothing: whatever is thrown on the way drops every write of the transaction. */
  async #report(ctx: Context, reports: readonly StatusReport[]): Promise<void> {
    const managed = reporterOf(ctx, callerOf(ctx));
    const time = transactionTime(ctx);
    let manager = '';
    for (const report of reports) {
      const device = await managed(report.device);
      manager = device.assignment.manager;
      await this.#record(ctx, device, report, time);
    }
    emit(ctx, 'StatusReported', {
      manager,
      reports: reports.length,
      abnormal: reports.filter(({ status }) => isAbnormal(status)).map(({ device }) => device),
    });
  }

  async #record(
    ctx: Context,
    device: ManagedDevice,
    report: StatusReport,
    time: string,
  ): Promise<void> {
    const last = await readRecord<StatusRecord>(ctx, keys.status(device.id));
    const record: StatusRecord = {
      ...report,
      docType: 'status',
      schema: 1,
      manager: device.assignment.manager,
      time,
    };
    // Protocol §6.2: n never starts again, so each (device, n) is written exactly once.
    if (last !== null && report.n <= last.n) {
      throw new ContractError(
        isSameReport(record, last) ? 'REPORT_DUPLICATE' : 'REPORT_CONFLICT',
        `device ${device.id}: n must be above ${last.n}, got ${report.n}`,
      );
    }
    await writeRecord(ctx, keys.status(device.id), record);
    const [before, after] = [isAbnormal(last?.status), isAbnormal(report.status)];
    if (after && !before) await addIndex(ctx, keys.abnormal(device.id));
    if (before && !after) await removeIndex(ctx, keys.abnormal(device.id));
  }
}
