/**
 * What a vendor does about its devices after they are made (protocol §2.3): transfer to another manager, take-over of
 * all devices of a manager that is gone, suspension, retirement. Who is gone is seen in the ledger's overdue query.
 */
import type { Page } from '@lamplighter/chaincode';

import type { Contracts, PageOptions } from '../ledger/index.ts';
import { assignmentIn } from './assignment.ts';
import {
  standingBy,
  type AssignmentDesk,
  type AssignmentFailures,
  type AssignmentWish,
} from './assignment-desk.ts';
import { LOT } from './device-factory.ts';
import type { DeviceSecrets } from './device-secrets.ts';
import { withRetries } from './retry.ts';
import { TakeOvers, type Progress, type RunningTakeOver } from './take-overs.ts';
import { VendorError } from './vendor-error.ts';

/** How a manager stands with this vendor's devices. */
export interface ManagerStanding {
  readonly manager: string;
  /** Devices of this vendor that it has and that are not suspended. */
  readonly devices: number;
  /** Those of them whose report is overdue. */
  readonly overdue: number;
  /** More than half of them are overdue. A manager that is there reports devices that are not as `unreachable`. */
  readonly gone: boolean;
}

/** What a take-over did. */
export interface TakeOver {
  readonly manager: string;
  readonly to: string;
  readonly transferred: readonly string[];
  /** A new assignment would lift a suspension: these stay where they are. */
  readonly suspended: readonly string[];
  /** These stay where they are, too; another take-over tries them again. */
  readonly failed: readonly { readonly device: string; readonly reason: string }[];
}

export interface FleetCareParts {
  /** Own id. */
  readonly vendor: string;
  readonly contracts: Contracts;
  readonly secrets: DeviceSecrets;
  readonly desk: AssignmentDesk;
  /** Managers that stand by for one another. */
  readonly managers: readonly string[];
}

export class FleetCare {
  readonly #parts: FleetCareParts;
  readonly #takeOvers = new TakeOvers();

  constructor(parts: FleetCareParts) {
    this.#parts = parts;
  }

  /**
   * A new assignment to another manager, which also lifts a suspension. Devices learn of it where they dial.
   *
   * @param told hears how far it is
   * @returns the failures, by id
   * @throws VendorError DEVICE_UNKNOWN
   */
  async transfer(
    ids: readonly string[],
    manager: string,
    signal: AbortSignal,
    told: (progress: Progress) => void = () => undefined,
  ): Promise<AssignmentFailures> {
    const failures = new Map<string, unknown>();
    for (let from = 0; from < ids.length; from += LOT) {
      told({ done: from, of: ids.length });
      const wishes = ids.slice(from, from + LOT).map((id) => this.#wish(id, manager));
      for (const each of await this.#parts.desk.assign(wishes, signal)) failures.set(...each);
    }
    return failures;
  }

  /** @param reason 1 to 200 printable ASCII characters. @throws VendorError DEVICE_UNKNOWN, LedgerError */
  async suspend(id: string, reason: string, signal: AbortSignal): Promise<void> {
    const { contracts, secrets } = this.#parts;
    secrets.get(id);
    await withRetries(() => contracts.suspendDevice(id, reason, { signal }), signal);
  }

  /** For good. @throws VendorError DEVICE_UNKNOWN, ASSIGNMENT_UNKNOWN, LedgerError */
  retire(id: string, signal: AbortSignal): Promise<void> {
    return this.#parts.desk.retire(id, signal);
  }

  /**
   * Gives every device of a manager to another one; joins a take-over of it that runs.
   *
   * @param to @default the manager that stands by for it
   * @param force also when the manager is not gone
   * @returns its result fails with VendorError MANAGER_NOT_OVERDUE, or LedgerError when the ledger cannot be read
   * @throws VendorError REQUEST_MALFORMED; BUSY while its devices go to another manager
   */
  takeOver(
    manager: string,
    options: { readonly to?: string; readonly force?: boolean },
    signal: AbortSignal,
  ): RunningTakeOver {
    const to = options.to ?? standingBy(this.#parts.managers, manager)[0];
    if (to === undefined || to === manager) {
      throw new VendorError('REQUEST_MALFORMED', `"to": expected a manager other than ${manager}`);
    }
    const order = { manager, to, force: options.force === true };
    return this.#takeOvers.begin(manager, to, (told) => this.#takeOver(order, told, signal));
  }

  async #takeOver(
    {
      manager,
      to,
      force,
    }: { readonly manager: string; readonly to: string; readonly force: boolean },
    told: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<TakeOver> {
    await this.#parts.contracts.readManagementNode(to, { signal });
    if (!force) await this.#requireGone(manager, signal);
    const { assigned, suspended } = await this.#devicesOf(manager, signal);
    const failures = await this.transfer(assigned, to, signal, told);
    return {
      manager,
      to,
      transferred: assigned.filter((id) => !failures.has(id)),
      suspended,
      failed: [...failures].map(([device, error]) => ({ device, reason: reasonOf(error) })),
    };
  }

  /** Every manager that has an overdue device of this vendor. @throws LedgerError */
  async standings(signal: AbortSignal): Promise<readonly ManagerStanding[]> {
    const overdue = await this.#overdueByManager(signal);
    return Promise.all(
      [...overdue].map(async ([manager, late]) => {
        const { assigned } = await this.#devicesOf(manager, signal);
        const devices = assigned.length;
        return { manager, devices, overdue: late, gone: 2 * late > devices };
      }),
    );
  }

  async #requireGone(manager: string, signal: AbortSignal): Promise<void> {
    const standing = (await this.standings(signal)).find((each) => each.manager === manager);
    if (standing?.gone === true) return;
    const { overdue, devices } = standing ?? { overdue: 0, devices: 'its' };
    throw new VendorError(
      'MANAGER_NOT_OVERDUE',
      `expected most devices of manager "${manager}" overdue, got ${overdue} of ${devices}`,
    );
  }

  async #overdueByManager(signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const { contracts, secrets } = this.#parts;
    const counts = new Map<string, number>();
    for await (const { device, manager } of every(
      (page) => contracts.overdueDevices(page),
      signal,
    )) {
      if (!secrets.has(device)) continue;
      counts.set(manager, (counts.get(manager) ?? 0) + 1);
    }
    return counts;
  }

  async #devicesOf(
    manager: string,
    signal: AbortSignal,
  ): Promise<{ readonly assigned: readonly string[]; readonly suspended: readonly string[] }> {
    const { contracts, secrets } = this.#parts;
    const assigned: string[] = [];
    const suspended: string[] = [];
    for await (const record of every((page) => contracts.devicesOf(manager, page), signal)) {
      if (!secrets.has(record.id)) continue;
      (record.state === 'suspended' ? suspended : assigned).push(record.id);
    }
    return { assigned, suspended };
  }

  #wish(id: string, manager: string): AssignmentWish {
    const { assignment, pending, order } = this.#parts.secrets.get(id);
    if (assignment !== null && assignmentIn(assignment).op === 1) {
      throw new VendorError('DEVICE_RETIRED', `device "${id}" is retired`);
    }
    const known = assignment ?? pending ?? order;
    if (known === undefined) {
      throw new VendorError('ASSIGNMENT_UNKNOWN', `device "${id}" was never assigned`);
    }
    const { fti, rti, uti } = known;
    return { id, manager, intervals: { fti, rti, uti } };
  }
}

/** All items of a list on the ledger, page by page. */
async function* every<T>(
  read: (page: PageOptions) => Promise<Page<T>>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  let bookmark = '';
  do {
    const page = await read({ pageSize: 500, bookmark, signal });
    yield* page.items;
    ({ bookmark } = page);
  } while (bookmark !== '');
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? `${String(error.code)}: ${error.message}` : error.message;
}
