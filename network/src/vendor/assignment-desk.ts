/**
 * Signs assignments and brings them to the ledger (protocol §2.2, §2.3). Each is on disk before it is sent, and the same
 * envelope is sent until the ledger's word on it is known, so that no crash or outage leaves a device between two.
 */
import { randomBytes } from 'node:crypto';

import type { ManagementNodeRecord } from '@lamplighter/chaincode';
import type { ChainKey, Intervals } from '@lamplighter/sdk/wire';

import { requestAnchors } from '../exchange/index.ts';
import { silentReportWithin } from '../exchange/report-deadline.ts';
import { LedgerError, type Contracts } from '../ledger/index.ts';
import {
  assignmentIn,
  digestOf,
  isChained,
  nextTurn,
  signAssignment,
  signRetirement,
  suiteFor,
  withAssignment,
} from './assignment.ts';
import type { DeviceSecret, DeviceSecrets, StoredAssignment } from './device-secrets.ts';
import { inParallel } from './parallel.ts';
import { isRefusal, withRetries } from './retry.ts';
import type { RootKeys } from './root-keys.ts';
import { VendorError } from './vendor-error.ts';

/** A device that shall have a manager. */
export interface AssignmentWish {
  readonly id: string;
  readonly manager: string;
  readonly intervals: Intervals;
}

/** Why devices have not got what was wished, by id. */
export type AssignmentFailures = ReadonlyMap<string, unknown>;

export interface AssignmentDeskParts {
  /** Own id. */
  readonly vendor: string;
  readonly contracts: Contracts;
  readonly secrets: DeviceSecrets;
  /** Ed25519 seed. */
  readonly releaseKey: Uint8Array;
  readonly roots: Pick<RootKeys, 'signers'>;
  /** Managers that may take over from one another: each stands by for the others. */
  readonly managers: readonly string[];
}

/** AssignDevice transactions under way at the same time. */
const ASSIGNING = 24;
/** Of one assignment (protocol §2.2). */
const MOST_ENDPOINTS = 8;

export class AssignmentDesk {
  readonly #parts: AssignmentDeskParts;
  /** The last piece of work: one at a time, so that no device is signed two assignments of one serial. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: AssignmentDeskParts) {
    this.#parts = parts;
  }

  /**
   * Gives each device a new assignment; one that an earlier try signed for the same manager is finished instead.
   *
   * @param wishes up to 500, a device at most once
   * @returns the failures; VendorError, LedgerError or ExchangeError each
   * @throws the reason of `signal`; VendorError DEVICE_UNKNOWN
   */
  assign(wishes: readonly AssignmentWish[], signal: AbortSignal): Promise<AssignmentFailures> {
    return this.#inTurn(() => this.#assign(wishes, signal));
  }

  /** Ends a device for good (op 1). @throws VendorError ASSIGNMENT_UNKNOWN, LedgerError */
  retire(id: string, signal: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#retire(id, signal));
  }

  /** Finishes what an earlier run signed. @returns the failures, by id */
  settle(ids: readonly string[], signal: AbortSignal): Promise<AssignmentFailures> {
    const { secrets } = this.#parts;
    return this.#inTurn(() =>
      this.#settle(
        ids.map((id) => secrets.get(id)),
        signal,
      ),
    );
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    // Whoever began that work hears of its failure.
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #assign(
    wishes: readonly AssignmentWish[],
    signal: AbortSignal,
  ): Promise<AssignmentFailures> {
    const { secrets } = this.#parts;
    const before = wishes.map(({ id }) => secrets.get(id)).filter(({ pending }) => pending);
    const failures = new Map(
      [...(await this.#settle(before, signal))].filter(([, error]) => !isRefusal(error)),
    );
    const finished = new Set(before.map(({ id }) => id));
    const left = wishes.filter(
      ({ id, manager }) =>
        !failures.has(id) && !(finished.has(id) && secrets.get(id).assignment?.manager === manager),
    );
    // Apart by class, too: a manager that gives no anchors can still be given end nodes.
    const groupOf = ({ id, manager }: AssignmentWish): string =>
      `${secrets.get(id).kind} ${manager}`;
    for (const key of new Set(left.map(groupOf))) {
      const group = left.filter((wish) => groupOf(wish) === key);
      for (const each of await this.#assignTo(group, signal)) failures.set(...each);
    }
    return failures;
  }

  async #retire(id: string, signal: AbortSignal): Promise<void> {
    const { secrets, roots } = this.#parts;
    const earlier = await this.#settle([secrets.get(id)], signal);
    for (const error of earlier.values()) if (!isRefusal(error)) throw error;
    const device = secrets.get(id);
    if (device.assignment === null) {
      throw new VendorError('ASSIGNMENT_UNKNOWN', `device "${id}" has no assignment to end`);
    }
    // An earlier try may have done it.
    if (assignmentIn(device.assignment).op === 1) return;
    const kid = new Uint8Array(randomBytes(16));
    const pending = signRetirement(device, device.assignment, kid, roots.signers);
    await secrets.update([{ ...device, pending }]);
    for (const error of (await this.#settle([secrets.get(id)], signal)).values()) throw error;
  }

  /**
   * Sends what is pending and keeps on disk how that ended: an assignment that stands is the device's, one that the
   * ledger refused is forgotten, one that nobody knows of stays pending.
   */
  async #settle(
    devices: readonly DeviceSecret[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, unknown>> {
    const failures = new Map<string, unknown>();
    const settled: DeviceSecret[] = [];
    try {
      await inParallel(devices, ASSIGNING, async (device) => {
        const { pending, order, ...held } = device;
        if (pending === undefined) return;
        try {
          await this.#bring(device.id, pending, signal);
          settled.push(withAssignment(held, pending));
        } catch (error) {
          signal.throwIfAborted();
          failures.set(device.id, error);
          if (isRefusal(error)) settled.push(order === undefined ? held : { ...held, order });
        }
      });
    } finally {
      if (settled.length > 0) await this.#parts.secrets.update(settled);
    }
    return failures;
  }

  async #assignTo(
    wishes: readonly AssignmentWish[],
    signal: AbortSignal,
  ): Promise<AssignmentFailures> {
    const { contracts, secrets } = this.#parts;
    try {
      const record = await contracts.readManagementNode(wishes[0]?.manager ?? '', { signal });
      await secrets.update(await this.#sign(record, wishes, signal));
    } catch (error) {
      signal.throwIfAborted();
      return new Map(wishes.map(({ id }) => [id, error]));
    }
    const signed = wishes.map(({ id }) => secrets.get(id));
    return this.#settle(signed, signal);
  }

  /** Sends an assignment. Resolves when it stands on the ledger, by this or by an earlier try. */
  async #bring(id: string, pending: StoredAssignment, signal: AbortSignal): Promise<void> {
    const { contracts } = this.#parts;
    const envelope = new Uint8Array(Buffer.from(pending.envelope, 'hex'));
    const retires = assignmentIn(pending).op === 1;
    try {
      await withRetries(
        () =>
          retires
            ? contracts.retireDevice(id, envelope, { signal })
            : contracts.assignDevice(envelope, silentReportWithin(pending), { signal }),
        signal,
      );
    } catch (error) {
      const here = isRefusal(error) && (await contracts.readDevice(id, { signal })).assignment;
      if (!here || here.digest !== digestOf(pending)) throw error;
    }
  }

  async #sign(
    manager: ManagementNodeRecord,
    wishes: readonly AssignmentWish[],
    signal: AbortSignal,
  ): Promise<readonly DeviceSecret[]> {
    const { secrets, roots } = this.#parts;
    const { signers } = roots;
    const devices = wishes.map(({ id }) => secrets.get(id));
    const anchors = await this.#anchors(manager, devices, signal);
    const endpoints = await this.#endpoints(manager, signal);
    return wishes.map(({ id, intervals }) => {
      const device = secrets.get(id);
      const anchor = anchors.get(id) ?? null;
      const kid = new Uint8Array(randomBytes(16));
      const order = { device, manager, anchor, intervals, endpoints, kid, signers };
      return { ...device, pending: signAssignment(order) };
    });
  }

  /** Chains: all anchors in one request. */
  async #anchors(
    manager: ManagementNodeRecord,
    devices: readonly DeviceSecret[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ChainKey>> {
    const items = devices
      .filter((device) => isChained(device, manager))
      .map((device) => ({
        device: device.id,
        epoch: nextTurn(device).epoch,
        suite: suiteFor(device),
      }));
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

  /** The manager's own, then one of each that stands by: a device that finds nobody asks there (§2.3, `notice`). */
  async #endpoints(manager: ManagementNodeRecord, signal: AbortSignal): Promise<readonly string[]> {
    const endpoints = new Set(manager.endpoints);
    for (const id of standingBy(this.#parts.managers, manager.id)) {
      if (endpoints.size >= MOST_ENDPOINTS) break;
      const [first] = await this.#endpointsOf(id, signal);
      if (first !== undefined) endpoints.add(first);
    }
    return [...endpoints].slice(0, MOST_ENDPOINTS);
  }

  async #endpointsOf(manager: string, signal: AbortSignal): Promise<readonly string[]> {
    try {
      return (await this.#parts.contracts.readManagementNode(manager, { signal })).endpoints;
    } catch (error) {
      // Planned, and not on the ledger yet.
      if (error instanceof LedgerError && error.code === 'MANAGER_NOT_FOUND') return [];
      throw error;
    }
  }
}

/** The others, from the one after it on, round and round. */
export function standingBy(managers: readonly string[], manager: string): readonly string[] {
  const at = managers.indexOf(manager);
  return [...managers.slice(at + 1), ...managers.slice(0, Math.max(0, at))];
}
