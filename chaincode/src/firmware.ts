/**
 * Firmware: releases as their vendors signed them, approvals of other organisations, who took an image (transmissions)
 * and which device installed what (U_i of the paper). Images are never on the ledger.
 */
import { Context, Info, Param, Returns, Transaction } from 'fabric-contract-api';
import { addApproved, approvedOf, removeApproved } from './approved.ts';
import {
  checkChallenge,
  checkId,
  checkPage,
  checkReason,
  checkReleaseId,
  parse,
} from './arguments.ts';
import { checkVendorSignature } from './assignment.ts';
import { assertTimely } from './clock.ts';
import { callerOf, requireOther, requireVendor } from './caller.ts';
import { LamplighterContract } from './contract.ts';
import { ContractError } from './errors.ts';
import { keys } from './keys.ts';
import {
  readManager,
  readModel,
  readRelease,
  readVendor,
  remember,
  reporterOf,
  type ManagedDevice,
} from './lookups.ts';
import { decodeJson } from './canonical-json.ts';
import type {
  DeviceRecord,
  FirmwareIdentity,
  HistoryEntry,
  ModelRecord,
  Page,
  ReleaseProofStatement,
  ReleaseRecord,
  TransmissionRecord,
  UpdateRecord,
  UpdateReport,
} from './records.ts';
import { checkAbove, checkModel, decodeSignedManifest, firmwareOf, isAbove } from './release.ts';
import type { ReleaseOrder } from './release.ts';
import { readHead } from './stake/validators.ts';
import {
  addIndex,
  emit,
  readHistory,
  readPage,
  readRecord,
  transactionSeconds,
  transactionTime,
  writeRecord,
} from './state.ts';

/** Result code of protocol §8 for an update that is installed and confirmed. */
const INSTALLED = 0;

@Info({ title: 'Firmware', description: 'Releases, approvals, transmissions and updates' })
export class Firmware extends LamplighterContract {
  constructor() {
    super('Firmware');
  }

  @Transaction()
  @Param('json', 'string', 'ReleasePublication: {envelope, url, propagate}')
  @Returns('string')
  async PublishRelease(ctx: Context, json: string): Promise<string> {
    const { envelope, url, propagate } = parse.release(json);
    const { signed, manifest, id } = decodeSignedManifest(Buffer.from(envelope, 'hex'));
    const model = await readModel(ctx, checkId(manifest.model, 'manifest.model'));
    const vendor = await readVendor(ctx, model.vendor);
    requireVendor(callerOf(ctx), vendor);
    checkModel(manifest, model, propagate);
    checkVendorSignature('release', signed, vendor);
    if ((await readRecord(ctx, keys.release(id))) !== null) {
      throw new ContractError('RELEASE_EXISTS', `release ${id} is published`);
    }
    const firmware = firmwareOf(manifest);
    await this.#moveHead(ctx, model, firmware);
    const record: ReleaseRecord = {
      docType: 'release',
      schema: 1,
      id,
      vendor: vendor.id,
      model: model.id,
      firmware,
      envelope,
      url,
      propagate,
      state: 'published',
      approvals: [],
      reason: '',
      time: transactionTime(ctx),
    };
    await writeRecord(ctx, keys.release(id), record);
    await addIndex(ctx, keys.releaseOf(model.id, firmware.gen, firmware.sequence, id));
    emit(ctx, 'ReleasePublished', { release: id, model: model.id });
    return id;
  }

  /** Counts organisations, none twice; the event tells when the last missing one came. */
  @Transaction()
  async ApproveRelease(ctx: Context, id: string): Promise<void> {
    const release = await readRelease(ctx, checkReleaseId(id));
    const caller = callerOf(ctx);
    requireOther(caller, await readVendor(ctx, release.vendor));
    this.#requireNotWithdrawn(release);
    if (release.approvals.includes(caller.mspId)) {
      throw new ContractError(
        'RELEASE_APPROVED_ALREADY',
        `release ${id} is approved by ${caller.mspId}`,
      );
    }
    const model = await readModel(ctx, release.model);
    const approvals = [...release.approvals, caller.mspId];
    const state = isApproved(approvals, model) ? 'approved' : 'published';
    await writeRecord(ctx, keys.release(id), {
      ...release,
      approvals,
      state,
      time: transactionTime(ctx),
    } satisfies ReleaseRecord);
    if (state !== release.state) {
      await addApproved(ctx, release);
      emit(ctx, 'ReleaseApproved', { release: id, model: model.id });
    }
  }

  @Transaction()
  async WithdrawRelease(ctx: Context, id: string, reason: string): Promise<void> {
    const release = await readRelease(ctx, checkReleaseId(id));
    const why = checkReason(reason);
    requireVendor(callerOf(ctx), await readVendor(ctx, release.vendor));
    this.#requireNotWithdrawn(release);
    await writeRecord(ctx, keys.release(id), {
      ...release,
      state: 'withdrawn',
      reason: why,
      time: transactionTime(ctx),
    } satisfies ReleaseRecord);
    if (release.state === 'approved') await removeApproved(ctx, release);
    emit(ctx, 'ReleaseWithdrawn', { release: id, model: release.model });
  }

  @Transaction()
  @Param('json', 'string', 'Transmission[], up to 500')
  async RecordTransmission(ctx: Context, json: string): Promise<void> {
    const transmissions = parse.transmissions(json);
    const caller = callerOf(ctx);
    const releaseOf = remember((id) => readRelease(ctx, id));
    const vendorOf = remember((id) => readVendor(ctx, id));
    const managerOf = remember((id) => readManager(ctx, id));
    const time = transactionTime(ctx);
    for (const transmission of transmissions) {
      const { vendor } = await releaseOf(transmission.release);
      requireVendor(caller, await vendorOf(vendor));
      await managerOf(transmission.manager);
      const key = keys.transmission(transmission.release, transmission.id);
      if ((await readRecord(ctx, key)) !== null) {
        throw new ContractError(
          'TRANSMISSION_EXISTS',
          `transmission ${transmission.id} is recorded`,
        );
      }
      await writeRecord(ctx, key, {
        ...transmission,
        docType: 'transmission',
        schema: 1,
        vendor,
        time,
      } satisfies TransmissionRecord);
    }
  }

  @Transaction()
  @Param('json', 'string', 'UpdateReport[], up to 500, one a device, all of one manager')
  async RecordUpdates(ctx: Context, json: string): Promise<void> {
    const updates = parse.updateReports(json);
    const managed = reporterOf(ctx, callerOf(ctx));
    const releaseOf = remember((id) => readRelease(ctx, id));
    const modelOf = remember((id) => readModel(ctx, id));
    let manager = '';
    for (const update of updates) {
      const device = await managed(update.device);
      manager = device.assignment.manager;
      const release = await releaseOf(update.release);
      checkUpdate(update, device, release, await modelOf(device.model));
      await this.#recordUpdate(ctx, update, device, release.firmware);
    }
    emit(ctx, 'UpdatesRecorded', { manager, devices: updates.map(({ device }) => device) });
  }

  @Transaction(false)
  @Returns('ReleaseRecord')
  async LatestRelease(ctx: Context, model: string): Promise<ReleaseRecord> {
    const { id } = await readModel(ctx, checkId(model, 'model'));
    const [latest] = await approvedOf(ctx, id);
    if (latest === undefined) {
      throw new ContractError('RELEASE_NOT_FOUND', `model ${id} has no approved release`);
    }
    return readRelease(ctx, latest.id);
  }

  /**
   * The statement of protocol §7.3 item 5: what a device asks vendors' peers for by way of a gateway that it does not trust.
   *
   * @throws ContractError MODEL_NOT_FOUND, VALIDATORS_NOT_FOUND, TIME_REFUSED
   */
  @Transaction(false)
  @Param('challenge', 'string', '32 bytes, hex')
  @Returns('ReleaseProofStatement')
  async ProveRelease(
    ctx: Context,
    model: string,
    challenge: string,
  ): Promise<ReleaseProofStatement> {
    const asked = checkChallenge(challenge);
    // A device holds the time for a lower bound: whoever submits must not write it ahead.
    assertTimely(ctx);
    const { id } = await readModel(ctx, checkId(model, 'model'));
    const [latest] = await approvedOf(ctx, id);
    const { epoch, digest } = await readHead(ctx);
    return {
      docType: 'releaseProof',
      schema: 1,
      channel: ctx.stub.getChannelID(),
      model: id,
      challenge: asked,
      gen: latest?.gen ?? 0,
      seq: latest?.sequence ?? 0,
      manifest: latest?.id ?? '',
      epoch,
      validators: digest,
      time: transactionSeconds(ctx),
    };
  }

  @Transaction(false)
  @Returns('ReleaseRecord')
  async ReadRelease(ctx: Context, id: string): Promise<ReleaseRecord> {
    return readRelease(ctx, checkReleaseId(id));
  }

  @Transaction(false)
  @Returns('ReleasePage')
  async ReleasesOf(
    ctx: Context,
    model: string,
    pageSize: string,
    bookmark: string,
  ): Promise<Page<ReleaseRecord>> {
    const prefix = keys.releasesOf(checkId(model, 'model'));
    return readPage(ctx, prefix, checkPage(pageSize, bookmark), (parts) =>
      readRelease(ctx, parts.at(-1) ?? ''),
    );
  }

  @Transaction(false)
  @Returns('UpdateHistoryEntry[]')
  async UpdateHistory(
    ctx: Context,
    device: string,
  ): Promise<readonly HistoryEntry<UpdateRecord>[]> {
    return readHistory<UpdateRecord>(ctx, keys.update(checkId(device, 'device')));
  }

  @Transaction(false)
  @Returns('TransmissionPage')
  async TransmissionHistory(
    ctx: Context,
    release: string,
    pageSize: string,
    bookmark: string,
  ): Promise<Page<TransmissionRecord>> {
    const prefix = keys.transmission(checkReleaseId(release), '');
    return readPage(
      ctx,
      prefix,
      checkPage(pageSize, bookmark),
      (_parts, value) => decodeJson(value) as TransmissionRecord,
    );
  }

  #requireNotWithdrawn(release: ReleaseRecord): void {
    if (release.state === 'withdrawn') {
      throw new ContractError('RELEASE_WITHDRAWN', `release ${release.id} is withdrawn`);
    }
  }

  /** §7.2: (gen, seq) grows with every release of a model, a withdrawn one counted. */
  async #moveHead(ctx: Context, model: ModelRecord, firmware: FirmwareIdentity): Promise<void> {
    const key = keys.releaseHead(model.id);
    checkAbove(firmware, await readRecord<ReleaseOrder>(ctx, key));
    const { gen, sequence } = firmware;
    await writeRecord(ctx, key, { docType: 'releaseHead', schema: 1, gen, sequence });
  }

  async #recordUpdate(
    ctx: Context,
    update: UpdateReport,
    device: ManagedDevice,
    to: FirmwareIdentity,
  ): Promise<void> {
    const { manager, serial } = device.assignment;
    const last = await readRecord<UpdateRecord>(ctx, keys.update(device.id));
    if (last !== null && isRepeated(update, last, serial)) {
      throw new ContractError(
        isSameResult(update, last) ? 'REPORT_DUPLICATE' : 'REPORT_CONFLICT',
        `device ${device.id}: attempt must be above ${last.attempt}, got ${update.attempt}`,
      );
    }
    const time = transactionTime(ctx);
    await writeRecord(ctx, keys.update(device.id), {
      ...update,
      docType: 'update',
      schema: 1,
      manager,
      serial,
      to,
      time,
    } satisfies UpdateRecord);
    if (update.code === INSTALLED) {
      const moved: DeviceRecord = { ...device, firmware: to, time };
      await writeRecord(ctx, keys.device(device.id), moved);
    }
  }
}

/** How many organisations other than the publisher have to approve is on the model. */
function isApproved(approvals: readonly string[], model: ModelRecord): boolean {
  return approvals.length >= model.approvals;
}

/** What the device told; when its manager heard it again is the manager's affair. */
function isSameResult(update: UpdateReport, last: UpdateRecord): boolean {
  const { attempt, release, code } = last;
  return update.attempt === attempt && update.release === release && update.code === code;
}

function isRepeated(update: UpdateReport, last: UpdateRecord, serial: number): boolean {
  const sameReport = update.attempt === last.attempt && update.observed === last.observed;
  return sameReport || (serial === last.serial && update.attempt <= last.attempt);
}

/** An update is to a release of the device's model that was approved; it never goes back. */
function checkUpdate(
  update: UpdateReport,
  device: DeviceRecord,
  release: ReleaseRecord,
  model: ModelRecord,
): void {
  if (release.model !== device.model) {
    throw new ContractError(
      'RELEASE_INVALID',
      `device ${device.id} is of model ${device.model}, release ${release.id} for ${release.model}`,
    );
  }
  if (update.code !== INSTALLED) return;
  if (!isApproved(release.approvals, model)) {
    throw new ContractError('RELEASE_NOT_APPROVED', `release ${release.id} was never approved`);
  }
  if (isAbove(device.firmware, release.firmware)) {
    throw new ContractError(
      'RELEASE_OUTDATED',
      `device ${device.id} runs a release above ${release.id}`,
    );
  }
}
