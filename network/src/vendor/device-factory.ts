/**
 * Makes devices: secrets on disk first, then the registration of all in one transaction, their assignments
 * (assignment-desk.ts), and the provisioning documents. What a crash or an outage broke off is finished by `resume`.
 */
import { randomBytes } from 'node:crypto';

import type { DeviceRegistration, FirmwareIdentity, ModelRecord } from '@lamplighter/chaincode';
import type { Intervals } from '@lamplighter/sdk/wire';

import { LedgerError, type Contracts } from '../ledger/index.ts';
import { defaultSuites, suitesOf } from './assignment.ts';
import type { AssignmentDesk, AssignmentFailures } from './assignment-desk.ts';
import type {
  DeviceSecret,
  DeviceSecrets,
  StoredAssignment,
  UnfinishedOrder,
} from './device-secrets.ts';
import type { FirmwareStore } from './firmware-store.ts';
import type { ProvisionedLedger } from './provisioned-ledger.ts';
import { provisioningOf, type Provisioning } from './provisioning.ts';
import { isRefusal, withRetries } from './retry.ts';
import type { RootKeys } from './root-keys.ts';
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
  /** What it carries, the one it prefers first. @default the suite of its class (protocol §4) */
  readonly suites?: readonly number[];
  /** Whether weak suites may be among them. @default false */
  readonly legacy?: boolean;
  /**
   * Class L: whether managers prove themselves by a chain in place of their tree, for links on which 3 KB a session is too
   * much. A chain claims less (protocol §3.3). @default false
   */
  readonly chained?: boolean;
}

export interface DeviceFactoryParts {
  /** Own id. */
  readonly vendor: string;
  readonly contracts: Contracts;
  readonly secrets: DeviceSecrets;
  readonly store: FirmwareStore;
  readonly desk: AssignmentDesk;
  /** The release key, public. */
  readonly vendorKey: Uint8Array;
  readonly roots: Pick<RootKeys, 'rotated' | 'roots'>;
  /** What end nodes are told of the ledger. */
  readonly ledger: () => Promise<ProvisionedLedger | null>;
}

/** Devices of one transaction and one request for anchors. */
export const LOT = 500;

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
    for (const error of (await this.resume(ids, signal)).values()) throw error;
    for (let from = 0; from < ids.length; from += LOT) {
      const lot = await this.#ordersAgain(ids.slice(from, from + LOT));
      const assigned = await this.#assign(lot, signal);
      documents.push(...(await this.#provision(lot, await this.#modelsOf(lot), assigned)));
    }
    return documents;
  }

  /**
   * Finishes what an earlier run began: devices that were not registered or assigned, assignments that were signed and
   * not sent or whose end nobody heard. A device that the ledger refuses to register is forgotten.
   *
   * @param ids of which the unfinished are meant
   * @returns the failures, by id; what failed stays to be finished unless the ledger refused it
   */
  async resume(ids: readonly string[], signal: AbortSignal): Promise<AssignmentFailures> {
    const { secrets, desk } = this.#parts;
    const wanted = new Set(ids);
    const unfinished = secrets.unfinished().filter(({ id }) => wanted.has(id));
    const failures = new Map<string, unknown>();
    for (let from = 0; from < unfinished.length; from += LOT) {
      const lot = unfinished.slice(from, from + LOT).map(({ id }) => id);
      for (const each of await desk.settle(lot, signal)) failures.set(...each);
      const wishes = [];
      for (const id of lot) {
        const { assignment, pending, order } = secrets.get(id);
        if (assignment !== null || pending !== undefined || order === undefined) continue;
        failures.delete(id);
        if (await this.#registerAgain(secrets.get(id), order, failures, signal)) {
          const { manager, fti, rti, uti } = order;
          wishes.push({ id, manager, intervals: { fti, rti, uti } });
        }
      }
      for (const each of await desk.assign(wishes, signal)) failures.set(...each);
    }
    return failures;
  }

  /** Provisioning documents of devices as they stand, with what the ledger says they run; they hold secrets. */
  async documents(ids: readonly string[]): Promise<readonly Provisioning[]> {
    const orders = await this.#ordersAgain(ids);
    const devices = orders.map(({ id }) => this.#parts.secrets.get(id));
    return this.#provision(orders, await this.#modelsOf(orders), devices);
  }

  /** @returns whether the device stands on the ledger now */
  async #registerAgain(
    device: DeviceSecret,
    { firmware }: UnfinishedOrder,
    failures: Map<string, unknown>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { contracts, secrets } = this.#parts;
    const { id } = device;
    try {
      await withRetries(
        () => contracts.registerDevices([registrationOf(device, firmware)], { signal }),
        signal,
      );
      return true;
    } catch (error) {
      if (error instanceof LedgerError && error.code === 'DEVICE_EXISTS') return true;
      signal.throwIfAborted();
      failures.set(id, error);
      if (isRefusal(error)) await secrets.remove([id]);
      return false;
    }
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
    const devices = orders.map((order) => {
      const { id, model, manager, firmware, intervals, legacy = false, chained = false } = order;
      const kind = models.get(model)?.kind ?? 'end';
      const { suites = defaultSuites(kind) } = order;
      return {
        id,
        model,
        kind,
        suites,
        legacy,
        chained,
        kv0: randomBytes(32).toString('hex'),
        assignment: null,
        order: { manager, firmware, ...intervals },
      };
    });
    await secrets.add(devices);
    const registrations = devices.map((device) => registrationOf(device, device.order.firmware));
    try {
      await withRetries(() => contracts.registerDevices(registrations, { signal }), signal);
    } catch (error) {
      // When it may have been ordered, `resume` finds out.
      const undone = error instanceof LedgerError && !error.maybeOrdered;
      if (undone) await secrets.remove(orders.map(({ id }) => id));
      throw error;
    }
  }

  /** @throws the failure of the first device that has one */
  async #assign(
    orders: readonly DeviceOrder[],
    signal: AbortSignal,
  ): Promise<readonly DeviceSecret[]> {
    const { desk, secrets } = this.#parts;
    for (const error of (await desk.assign(orders, signal)).values()) throw error;
    return orders.map(({ id }) => secrets.get(id));
  }

  async #provision(
    orders: readonly DeviceOrder[],
    models: ReadonlyMap<string, ModelRecord>,
    devices: readonly DeviceSecret[],
  ): Promise<readonly Provisioning[]> {
    const { contracts, store, vendorKey, roots } = this.#parts;
    const ledger = await this.#parts.ledger();
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
          vendorRoots: roots.rotated ? roots.roots : null,
          ledger,
        });
      }),
    );
  }
}

function registrationOf(device: DeviceSecret, firmware: FirmwareIdentity): DeviceRegistration {
  const { id, model, legacy = false } = device;
  return { id, model, firmware, suites: suitesOf(device), legacy };
}

function assignmentOf(device: DeviceSecret): StoredAssignment {
  if (device.assignment === null) {
    throw new VendorError('ASSIGNMENT_UNKNOWN', `device "${device.id}" has no assignment`);
  }
  return device.assignment;
}
