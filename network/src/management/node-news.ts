/** What the node does about the ledger's news: devices come and go, releases are admitted and propagated. */
import type { DeviceRecord } from '@lamplighter/chaincode';
import { CloseCode } from '@lamplighter/sdk/wire';
import type { Assignments } from './assignments.ts';
import type { DeviceDatabase, DeviceEntry } from './device-database.ts';
import type { EventSink } from './events.ts';
import type { Farewells } from './farewells.ts';
import type { LedgerNews } from './ledger-watcher.ts';
import { ManagementError } from './management-error.ts';
import type { Monitoring } from './monitoring.ts';
import type { ValidatorChain } from './proofs/validator-chain.ts';
import type { Pushes } from './pushes.ts';
import type { ReleaseAdmission } from './release-admission.ts';
import type { Schedule } from './schedule.ts';
import type { SessionTable } from './session-table.ts';
import { isStorageFailure } from './storage/storage-failures.ts';
import type { Supervisor } from './supervise.ts';
import type { Updates } from './updates.ts';

/** Pause before a fetch that failed for good is begun anew. */
const AGAIN_MS = 300_000;

/** Parts of the node that news concern. */
export interface NodeNewsParts {
  readonly assignments: Assignments;
  readonly farewells: Farewells;
  readonly pushes: Pushes;
  readonly database: DeviceDatabase;
  readonly sessions: SessionTable;
  readonly monitoring: Monitoring;
  readonly updates: Updates;
  readonly admission: ReleaseAdmission;
  /** Null for a node whose ledger gives no signatures. */
  readonly validators: ValidatorChain | null;
  readonly events: EventSink;
  readonly schedule: Schedule;
  readonly supervisor: Supervisor;
}

/** {@link LedgerNews} of a management node. */
export class NodeNews implements LedgerNews {
  readonly #parts: NodeNewsParts;

  constructor(parts: NodeNewsParts) {
    this.#parts = parts;
  }

  /** Takes up the devices that are on the disk: their windows are awaited, whatever the ledger says later. */
  takeUp(): void {
    const { database, monitoring, farewells } = this.#parts;
    for (const id of database.ids()) {
      const entry = database.get(id);
      if (entry?.suspended === false) monitoring.track(entry);
    }
    farewells.takeUp();
  }

  async devicesPresent(records: readonly DeviceRecord[]): Promise<void> {
    const { database } = this.#parts;
    const present = new Map(records.map((record) => [record.id, record]));
    for (const id of database.ids()) {
      const record = present.get(id);
      if (record === undefined) await this.deviceGone(id, 'not assigned to this node any more');
      else if (record.state === 'suspended' && database.get(id)?.suspended === false) {
        await this.deviceSuspended(id);
      }
    }
  }

  async deviceAssigned(record: DeviceRecord): Promise<void> {
    const { assignments, monitoring, farewells } = this.#parts;
    const entry = await this.#orAgain(
      assignmentKey(record.id),
      () => assignments.take(record),
      () => this.deviceAssigned(record),
    );
    if (entry === undefined) return;
    await farewells.cameBack(entry.id);
    monitoring.track(entry);
    this.#hand(entry);
  }

  /** §2.3: a device in a session under the assignment before learns of the new one there, and dials under it. */
  #hand({ id, serial, envelope }: DeviceEntry): void {
    const { sessions, pushes, supervisor } = this.#parts;
    const live = sessions.of(id);
    if (live === undefined || live.serial === serial) return;
    supervisor.run(id, async () => {
      await pushes.push(live, envelope);
      live.close(CloseCode.replaced);
    });
  }

  async deviceGone(device: string, reason: string): Promise<void> {
    const { database, monitoring, sessions, events, schedule, farewells } = this.#parts;
    schedule.cancel(assignmentKey(device));
    const entry = database.get(device);
    if (entry === undefined) return;
    monitoring.forget(device);
    // Both at once in memory; on the disk the farewell is first.
    const changes = [farewells.part(entry), database.remove(device)];
    farewells.tell(device, sessions.of(device));
    events.emit({ type: 'device-removed', device, reason });
    await Promise.all(changes);
  }

  async deviceSuspended(device: string): Promise<void> {
    const { database, monitoring, sessions } = this.#parts;
    const entry = await database.update(device, (each) => ({ ...each, suspended: true }));
    if (entry === undefined) return;
    monitoring.forget(device);
    const live = sessions.of(device);
    // §2.3: silent for one FTI; whenever it dials after that, it hears 4423 until the vendor assigns it anew.
    live?.send({ type: 'suspend', seconds: entry.intervals.current.fti });
    live?.close(CloseCode.suspended);
  }

  /** Propagation, steps 1 to 3: verified once, then offered to every connected device of the model. */
  async releaseApproved(release: string): Promise<void> {
    const { admission, sessions, updates, supervisor } = this.#parts;
    const admitted = await admission.admit(release);
    if (admitted === null && admission.isOpen(release)) {
      this.#again(`release/${release}`, () => this.releaseApproved(release));
    }
    if (admitted?.record.propagate !== true) return;
    for (const live of sessions.ofModel(admitted.record.model)) {
      supervisor.run(live.device, () => updates.propagate(live));
    }
  }

  /** What stands on the ledger and could not be fetched now is tried again later; what is wrong is not. */
  async #orAgain<T>(
    key: string,
    work: () => Promise<T>,
    again: () => Promise<void>,
  ): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ManagementError) || isStorageFailure(error)) this.#again(key, again);
      throw error;
    }
  }

  #again(key: string, work: () => Promise<void>): void {
    const { schedule, supervisor } = this.#parts;
    schedule.set(key, AGAIN_MS, () => {
      supervisor.run(null, work);
    });
  }

  async validatorsMoved(): Promise<void> {
    await this.#parts.validators?.catchUp();
  }

  releaseWithdrawn(release: string): void {
    this.#parts.admission.withdraw(release);
  }

  concerns(model: string): boolean {
    const { database } = this.#parts;
    return database.ids().some((id) => database.get(id)?.model === model);
  }
}

function assignmentKey(device: string): string {
  return `assignment/${device}`;
}
