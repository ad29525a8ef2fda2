/**
 * DeviceRegistry: vendors, their models, the management nodes, the devices, and who manages what by which vendor-signed
 * assignment (protocol §2.2, §2.3).
 */
import { Context, Info, Param, Returns, Transaction } from 'fabric-contract-api';
import {
  checkDueWithin,
  checkEnvelope,
  checkId,
  checkPage,
  checkReason,
  parse,
} from './arguments.ts';
import { checkAssignment, decodeSignedAssignment } from './assignment.ts';
import { callerOf, isManager, requireAdministrator, requireVendor } from './caller.ts';
import { LamplighterContract } from './contract.ts';
import { moveIndex } from './device-index.ts';
import { ContractError } from './errors.ts';
import { buildHierarchy } from './hierarchy.ts';
import { keys } from './keys.ts';
import { readDevice, readManager, readModel, readVendor, remember } from './lookups.ts';
import type {
  DeviceRecord,
  DeviceRegistration,
  HierarchyVendor,
  HistoryEntry,
  ManagementNodeRecord,
  ModelRecord,
  Page,
  VendorRecord,
  WeakDevice,
} from './records.ts';
import { peerKeyOf, registerPeers } from './stake/peers.ts';
import {
  addIndex,
  emit,
  readHistory,
  readPage,
  readRecord,
  removeIndex,
  transactionTime,
  writeRecord,
} from './state.ts';
import { checkSuite, strengthOf } from './suites.ts';

@Info({ title: 'DeviceRegistry', description: 'Vendors, models, management nodes and devices' })
export class DeviceRegistry extends LamplighterContract {
  constructor() {
    super('DeviceRegistry');
  }

  @Transaction()
  @Param('json', 'string', 'VendorRegistration')
  async RegisterVendor(ctx: Context, json: string): Promise<void> {
    const vendor = parse.vendor(json);
    const caller = callerOf(ctx);
    requireAdministrator(caller);
    const last = await readRecord<VendorRecord>(ctx, keys.vendor(vendor.id));
    if (last !== null && last.mspId !== caller.mspId) {
      throw new ContractError('VENDOR_EXISTS', `vendor ${vendor.id} is of ${last.mspId}`);
    }
    const peers = vendor.peerCertificates.map((each) => peerKeyOf(vendor.id, each));
    const record: VendorRecord = {
      ...vendor,
      docType: 'vendor',
      schema: 1,
      mspId: caller.mspId,
      peerCertificates: peers.map(({ certificate }) => certificate),
      time: transactionTime(ctx),
    };
    await writeRecord(ctx, keys.vendor(vendor.id), record);
    if (last === null) await addIndex(ctx, keys.hierarchy(vendor.id));
    const moved = await registerPeers(ctx, caller.mspId, vendor.id, peers);
    if (moved !== null) {
      emit(ctx, 'ValidatorsChanged', { epoch: moved.epoch, digest: moved.digest });
    }
  }

  @Transaction()
  @Param('json', 'string', 'ModelRegistration')
  async RegisterModel(ctx: Context, json: string): Promise<void> {
    const model = parse.model(json);
    requireVendor(callerOf(ctx), await readVendor(ctx, model.vendor));
    if ((await readRecord<ModelRecord>(ctx, keys.model(model.id))) !== null) {
      throw new ContractError('MODEL_EXISTS', `model ${model.id} is registered`);
    }
    const record: ModelRecord = {
      ...model,
      docType: 'model',
      schema: 1,
      time: transactionTime(ctx),
    };
    await writeRecord(ctx, keys.model(model.id), record);
    await addIndex(ctx, keys.hierarchy(model.vendor, model.id));
  }

  /** Again by the same organisation: rotation of certificate, keys and endpoints. */
  @Transaction()
  @Param('json', 'string', 'ManagementNodeRegistration')
  async RegisterManagementNode(ctx: Context, json: string): Promise<void> {
    const manager = parse.managementNode(json);
    const caller = callerOf(ctx);
    requireAdministrator(caller);
    const last = await readRecord<ManagementNodeRecord>(ctx, keys.manager(manager.id));
    if (last !== null && last.mspId !== caller.mspId) {
      throw new ContractError('MANAGER_EXISTS', `manager ${manager.id} is of ${last.mspId}`);
    }
    const record: ManagementNodeRecord = {
      ...manager,
      docType: 'managementNode',
      schema: 1,
      mspId: caller.mspId,
      time: transactionTime(ctx),
    };
    await writeRecord(ctx, keys.manager(manager.id), record);
  }

  @Transaction()
  @Param('json', 'string', 'DeviceRegistration')
  async RegisterDevice(ctx: Context, json: string): Promise<void> {
    await this.#register(ctx, [parse.device(json)]);
  }

  @Transaction()
  @Param('json', 'string', 'DeviceRegistration[], up to 500')
  async RegisterDevices(ctx: Context, json: string): Promise<void> {
    await this.#register(ctx, parse.devices(json));
  }

  /** Enrols, transfers, renews, changes the suite; lifts a suspension. */
  @Transaction()
  @Param('envelope', 'string', 'signed assignment of protocol §2.2, hex')
  @Param('dueWithin', 'string', 'seconds in which the first report is due')
  async AssignDevice(ctx: Context, envelope: string, dueWithin: string): Promise<void> {
    const given = decodeSignedAssignment(checkEnvelope(envelope));
    const seconds = checkDueWithin(dueWithin);
    const time = transactionTime(ctx);
    const device = await this.#ownDevice(ctx, given.assignment.idD);
    const vendor = await readVendor(ctx, device.vendor);
    const manager = await readManager(ctx, given.assignment.idM);
    const assigned: DeviceRecord = {
      ...device,
      state: 'assigned',
      assignment: {
        ...checkAssignment(given, device, vendor, manager),
        time,
        dueWithin: seconds,
      },
      reason: '',
      time,
    };
    await writeRecord(ctx, keys.device(device.id), assigned);
    await moveIndex(ctx, device, assigned);
    emit(ctx, 'DeviceAssigned', {
      device: device.id,
      vendor: device.vendor,
      manager: manager.id,
      serial: given.assignment.serial,
      previousManager: device.assignment?.manager ?? null,
    });
  }

  @Transaction()
  async SuspendDevice(ctx: Context, id: string, reason: string): Promise<void> {
    const device = await readDevice(ctx, checkId(id, 'id'));
    const why = checkReason(reason);
    await this.#requireManagerOrVendor(ctx, device);
    if (device.state === 'retired') {
      throw new ContractError('DEVICE_RETIRED', `device ${id} is retired`);
    }
    if (device.state === 'suspended') {
      throw new ContractError('DEVICE_SUSPENDED', `device ${id} is suspended already`);
    }
    const suspended: DeviceRecord = {
      ...device,
      state: 'suspended',
      reason: why,
      time: transactionTime(ctx),
    };
    await writeRecord(ctx, keys.device(id), suspended);
    emit(ctx, 'DeviceSuspended', { device: id, manager: device.assignment?.manager ?? null });
  }

  @Transaction()
  @Param('envelope', 'string', 'signed assignment with op 1, hex')
  async RetireDevice(ctx: Context, id: string, envelope: string): Promise<void> {
    const device = await this.#ownDevice(ctx, checkId(id, 'id'));
    const given = decodeSignedAssignment(checkEnvelope(envelope));
    const vendor = await readVendor(ctx, device.vendor);
    const time = transactionTime(ctx);
    const retired: DeviceRecord = {
      ...device,
      state: 'retired',
      assignment: { ...checkAssignment(given, device, vendor, null), time, dueWithin: 0 },
      time,
    };
    await writeRecord(ctx, keys.device(id), retired);
    await moveIndex(ctx, device, retired);
    await removeIndex(ctx, keys.abnormal(id));
    emit(ctx, 'DeviceRetired', { device: id, manager: device.assignment?.manager ?? null });
  }

  @Transaction(false)
  @Returns('VendorRecord')
  async ReadVendor(ctx: Context, id: string): Promise<VendorRecord> {
    return readVendor(ctx, checkId(id, 'id'));
  }

  @Transaction(false)
  @Returns('ModelRecord')
  async ReadModel(ctx: Context, id: string): Promise<ModelRecord> {
    return readModel(ctx, checkId(id, 'id'));
  }

  @Transaction(false)
  @Returns('ManagementNodeRecord')
  async ReadManagementNode(ctx: Context, id: string): Promise<ManagementNodeRecord> {
    return readManager(ctx, checkId(id, 'id'));
  }

  @Transaction(false)
  @Returns('DeviceRecord')
  async ReadDevice(ctx: Context, id: string): Promise<DeviceRecord> {
    return readDevice(ctx, checkId(id, 'id'));
  }

  @Transaction(false)
  @Returns('DeviceHistoryEntry[]')
  async DeviceHistory(ctx: Context, id: string): Promise<readonly HistoryEntry<DeviceRecord>[]> {
    return readHistory<DeviceRecord>(ctx, keys.device(checkId(id, 'id')));
  }

  @Transaction(false)
  @Returns('DevicePage')
  async DevicesOf(
    ctx: Context,
    manager: string,
    pageSize: string,
    bookmark: string,
  ): Promise<Page<DeviceRecord>> {
    const prefix = keys.managed(checkId(manager, 'manager'), '');
    return readPage(ctx, prefix, checkPage(pageSize, bookmark), ([device = '']) =>
      readDevice(ctx, device),
    );
  }

  @Transaction(false)
  @Returns('HierarchyPage')
  async Hierarchy(
    ctx: Context,
    pageSize: string,
    bookmark: string,
  ): Promise<Page<HierarchyVendor>> {
    const page = await readPage(
      ctx,
      keys.hierarchy(''),
      checkPage(pageSize, bookmark),
      (path) => path,
    );
    return { items: buildHierarchy(page.items), bookmark: page.bookmark };
  }

  @Transaction(false)
  @Returns('WeakDevicePage')
  async WeakestDevices(
    ctx: Context,
    pageSize: string,
    bookmark: string,
  ): Promise<Page<WeakDevice>> {
    return readPage(ctx, keys.strengths(), checkPage(pageSize, bookmark), async (path) => {
      const id = path.at(-1) ?? '';
      const device = await readDevice(ctx, id);
      if (device.assignment === null) return null;
      const { manager, suite, managerProof } = device.assignment;
      const { strength, legacy, parts } = strengthOf(device.assignment, device);
      const { vendor } = device;
      return { device: id, vendor, manager, suite, managerProof, legacy, strength, ...parts };
    });
  }

  async #register(ctx: Context, devices: readonly DeviceRegistration[]): Promise<void> {
    const caller = callerOf(ctx);
    const model = remember((id) => readModel(ctx, id));
    const vendor = remember((id) => readVendor(ctx, id));
    const time = transactionTime(ctx);
    for (const device of devices) {
      const { id, vendor: maker, kind, slotBytes } = await model(device.model);
      requireVendor(caller, await vendor(maker));
      for (const suite of device.suites) checkSuite(suite, kind, device.legacy);
      if (device.firmware.size > slotBytes) {
        throw new ContractError(
          'ARGUMENT_INVALID',
          `device ${device.id}: firmware of model ${id} must have at most ${slotBytes} bytes, got ${device.firmware.size}`,
        );
      }
      if ((await readRecord<DeviceRecord>(ctx, keys.device(device.id))) !== null) {
        throw new ContractError('DEVICE_EXISTS', `device ${device.id} is registered`);
      }
      const record: DeviceRecord = {
        ...device,
        docType: 'device',
        schema: 1,
        vendor: maker,
        kind,
        state: 'registered',
        assignment: null,
        reason: '',
        time,
      };
      await writeRecord(ctx, keys.device(device.id), record);
      await moveIndex(ctx, null, record);
    }
  }

  /** A device of the calling vendor that is not retired. */
  async #ownDevice(ctx: Context, id: string): Promise<DeviceRecord> {
    const device = await readDevice(ctx, id);
    requireVendor(callerOf(ctx), await readVendor(ctx, device.vendor));
    if (device.state === 'retired') {
      throw new ContractError('DEVICE_RETIRED', `device ${id} is retired`);
    }
    return device;
  }

  async #requireManagerOrVendor(ctx: Context, device: DeviceRecord): Promise<void> {
    const caller = callerOf(ctx);
    if (device.assignment !== null) {
      if (isManager(caller, await readManager(ctx, device.assignment.manager))) return;
    }
    requireVendor(caller, await readVendor(ctx, device.vendor));
  }
}
