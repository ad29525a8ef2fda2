/**
 * Makes devices: secrets on disk first, then the registration of all in one transaction, chain anchors of all in one
 * request to each manager, signed assignments on disk, AssignDevice, and the provisioning documents.
 */
import { randomBytes } from 'node:crypto';

import type { FirmwareIdentity, ManagementNodeRecord, ModelRecord } from '@lamplighter/chaincode';
import type { ChainKey, Intervals } from '@lamplighter/sdk/wire';

import { requestAnchors } from '../exchange/index.ts';
import { LedgerError, type Contracts } from '../ledger/index.ts';
import { nextTurn, signAssignment } from './assignment.ts';
import type { DeviceSecret, DeviceSecrets, StoredAssignment } from './device-secrets.ts';
import type { FirmwareStore } from './firmware-store.ts';
import { provisioningOf, type Provisioning } from './provisioning.ts';
import { withRetries } from './retry.ts';
import { VendorError } from './vendor-error.ts';

/** A device to be made. */
export interface DeviceOrder {
  readonly id: string;
  readonly model: string;
  /** Id of its first manager. */
  readonly manager: string;
  /** What it leaves the factory with; the firmware store must hold the image. */
  readonly firmware: FirmwareIdentity;
  /** Absolute path told to the device. @default that of the firmware store */
  readonly image?: string;
  readonly intervals: Intervals;
}

export interface DeviceFactoryParts {
  /** Own id. */
  readonly vendor: string;
  readonly contracts: Contracts;
  readonly secrets: DeviceSecrets;
  readonly store: FirmwareStore;
  /** Ed25519 seed, and its public key. */
  readonly releaseKey: Uint8Array;
  readonly vendorKey: Uint8Array;
}

/** Devices of one transaction and one request for anchors. */
const LOT = 500;
/** AssignDevice transactions under way at the same time. */
const ASSIGNING = 24;

export class DeviceFactory {
  readonly #parts: DeviceFactoryParts;

  constructor(parts: DeviceFactoryParts) {
    this.#parts = parts;
  }

  /**
   * Any number of devices, in lots of 500.
   *
   * @returns provisioning documents in the order given; they hold secrets
   * @throws VendorError, LedgerError, ExchangeError; devices of the lot that failed may stand registered, unassigned
   */
  async manufacture(
    orders: readonly DeviceOrder[],
    signal: AbortSignal,
  ): Promise<readonly Provisioning[]> {
    const documents: Provisioning[] = [];
    for (let from = 0; from < orders.length; from += LOT) {
      const lot = orders.slice(from, from + LOT);
      const models = await this.#modelsOf(lot);
      await this.#register(lot, models, signal);
      const assigned = await this.#assign(lot, signal);
      documents.push(...(await this.#provision(lot, models, assigned)));
    }
    return documents;
  }

  /**
   * A new assignment for devices made before, at the manager they have (protocol §2.3): serial and epoch one higher, new
   * keys. For devices or managers that lost their counters. Retired devices are passed over.
   *
   * @returns provisioning documents for a device that begins anew with what the ledger says it runs; they hold secrets
   * @throws VendorError DEVICE_UNKNOWN, LedgerError, ExchangeError
   */
  async reassign(ids: readonly string[], signal: AbortSignal): Promise<readonly Provisioning[]> {
    const documents: Provisioning[] = [];
    for (let from = 0; from < ids.length; from += LOT) {
      const lot = await this.#ordersAgain(ids.slice(from, from + LOT));
      const assigned = await this.#assign(lot, signal);
      documents.push(...(await this.#provision(lot, await this.#modelsOf(lot), assigned)));
    }
    return documents;
  }

  async #ordersAgain(ids: readonly string[]): Promise<readonly DeviceOrder[]> {
    const { contracts, secrets } = this.#parts;
    const records = await Promise.all(ids.map((id) => contracts.readDevice(id)));
    return records.flatMap(({ id, model, state, firmware }): DeviceOrder[] => {
      const { manager, fti, rti, uti } = assignmentOf(secrets.get(id));
      const intervals = { fti, rti, uti };
      return state === 'retired' ? [] : [{ id, model, manager, firmware, intervals }];
    });
  }

  async #modelsOf(orders: readonly DeviceOrder[]): Promise<ReadonlyMap<string, ModelRecord>> {
    const ids = [...new Set(orders.map((order) => order.model))];
    const models = await Promise.all(ids.map((id) => this.#parts.contracts.readModel(id)));
    for (const { id, vendor } of models) {
      if (vendor !== this.#parts.vendor) {
        throw new VendorError('REQUEST_MALFORMED', `model "${id}" is of vendor "${vendor}"`);
      }
    }
    return new Map(models.map((model) => [model.id, model]));
  }

  async #register(
    orders: readonly DeviceOrder[],
    models: ReadonlyMap<string, ModelRecord>,
    signal: AbortSignal,
  ): Promise<void> {
    const { contracts, secrets, store } = this.#parts;
    for (const { firmware, model } of orders) {
      const { size } = await store.find(firmware.sha256);
      const slotBytes = models.get(model)?.slotBytes ?? 0;
      if (size !== firmware.size || size > slotBytes) {
        throw new VendorError(
          'IMAGE_TOO_LARGE',
          `an image of ${size} bytes does not fit ${firmware.size} bytes in a slot of ${slotBytes}`,
        );
      }
    }
    await secrets.add(
      orders.map(({ id, model }) => ({
        id,
        model,
        kind: models.get(model)?.kind ?? 'end',
        kv0: randomBytes(32).toString('hex'),
        assignment: null,
      })),
    );
    const registrations = orders.map(({ id, model, firmware }) => ({ id, model, firmware }));
    try {
      await withRetries(() => contracts.registerDevices(registrations, { signal }), signal);
    } catch (error) {
      const registered = error instanceof LedgerError && error.maybeOrdered;
      if (!registered) await secrets.remove(orders.map(({ id }) => id));
      throw error;
    }
  }

  async #assign(
    orders: readonly DeviceOrder[],
    signal: AbortSignal,
  ): Promise<readonly DeviceSecret[]> {
    const { contracts, secrets } = this.#parts;
    const assigned = new Map<string, DeviceSecret>();
    for (const id of new Set(orders.map((order) => order.manager))) {
      const group = orders.filter((order) => order.manager === id);
      const manager = await contracts.readManagementNode(id);
      const signed = await this.#signAll(manager, group, signal);
      for (const device of signed) assigned.set(device.id, device);
    }
    const devices = orders.map(({ id }) => assigned.get(id) ?? secrets.get(id));
    await secrets.update(devices);
    await inParallel(devices, ASSIGNING, (device) => this.#submit(device, signal));
    return devices;
  }

  async #signAll(
    manager: ManagementNodeRecord,
    orders: readonly DeviceOrder[],
    signal: AbortSignal,
  ): Promise<readonly DeviceSecret[]> {
    const { secrets, releaseKey } = this.#parts;
    const devices = orders.map(({ id }) => secrets.get(id));
    const anchors = await this.#anchors(manager, devices, signal);
    return devices.map((device, index) => {
      const intervals = orders[index]?.intervals;
      if (intervals === undefined) throw new TypeError('expected an order for each device');
      const anchor = anchors.get(device.id) ?? null;
      const kid = new Uint8Array(randomBytes(16));
      const order = { device, manager, anchor, intervals, kid, releaseKey };
      return { ...device, assignment: signAssignment(order) };
    });
  }

  /** Class L: all anchors in one request. */
  async #anchors(
    manager: ManagementNodeRecord,
    devices: readonly DeviceSecret[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ChainKey>> {
    const items = devices
      .filter((device) => device.kind === 'lightweight')
      .map((device) => ({ device: device.id, epoch: nextTurn(device).epoch }));
    if (items.length === 0) return new Map();
    const { vendor, releaseKey } = this.#parts;
    const managerKey = new Uint8Array(Buffer.from(manager.signatureKey, 'hex'));
    const party = { vendor, releaseKey, manager: manager.id, managerKey, url: manager.url, signal };
    const anchors = await requestAnchors(party, items);
    return new Map(
      items.flatMap(({ device }, index) => {
        const anchor = anchors[index];
        return anchor === undefined ? [] : [[device, anchor] as const];
      }),
    );
  }

  async #submit(device: DeviceSecret, signal: AbortSignal): Promise<void> {
    const envelope = new Uint8Array(Buffer.from(assignmentOf(device).envelope, 'hex'));
    const { contracts } = this.#parts;
    await withRetries(() => contracts.assignDevice(envelope, { signal }), signal);
  }

  async #provision(
    orders: readonly DeviceOrder[],
    models: ReadonlyMap<string, ModelRecord>,
    devices: readonly DeviceSecret[],
  ): Promise<readonly Provisioning[]> {
    const { contracts, store, vendorKey } = this.#parts;
    const ids = [...new Set(orders.map((order) => order.manager))];
    const managers = new Map(
      await Promise.all(
        ids.map(async (id) => [id, await contracts.readManagementNode(id)] as const),
      ),
    );
    return Promise.all(
      devices.map(async (device, index) => {
        const order = orders[index];
        const model = models.get(device.model);
        if (order === undefined || model === undefined) throw new TypeError('expected an order');
        return provisioningOf({
          device,
          assignment: assignmentOf(device),
          model,
          gateway: managers.get(order.manager)?.endpoints[0],
          firmware: order.firmware,
          image: order.image ?? (await store.find(order.firmware.sha256)).path,
          vendorKey,
        });
      }),
    );
  }
}

function assignmentOf(device: DeviceSecret): StoredAssignment {
  if (device.assignment === null) {
    throw new VendorError('ASSIGNMENT_UNKNOWN', `device "${device.id}" has no assignment`);
  }
  return device.assignment;
}

/** Runs over all items, at most `width` at a time; the first failure ends it. */
async function inParallel<T>(
  items: readonly T[],
  width: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const lanes = Array.from({ length: Math.min(width, items.length) }, async () => {
    for (const item of queue) await action(item);
  });
  await Promise.all(lanes);
}
