/** What the manager told and stored over its lives, to be compared with the ledger. */
import type { StatusReport, UpdateReport } from '@lamplighter/chaincode';
import type { ManagementEvent } from '../../network/src/management/index.ts';
import type { FakeLedger } from '../network/management/support/fake-ledger.ts';
import type { ManagerDisk } from './manager-disk.ts';

type Report = StatusReport | UpdateReport;

function keyOf(report: Report): string {
  return 'n' in report
    ? `status/${report.device}/${report.n}`
    : `update/${report.device}/${report.attempt}`;
}

/** See the module comment. */
export class ManagerJournal {
  /** Reports by their key on the ledger, each with where it was first seen: the index of a try. */
  readonly #promised = new Map<string, number>();
  /** What was endorsed under a key: another text under the same one is a number used again. */
  readonly #texts = new Map<string, string>();
  readonly #highest = new Map<string, { counter: number; index: number }>();
  /** Rounds that came to a verdict in the life under way, by device. */
  readonly judged = new Set<string>();
  /** Numbers, counters and chain indices that were used again, by try. */
  readonly repeated: number[] = [];
  /** Index of the try under way. */
  current = 0;

  event(event: ManagementEvent): void {
    if (event.type === 'judged' || event.type === 'round-completed') {
      this.judged.add(event.device);
      this.#promise(`status/${event.device}/${event.n}`);
    } else if (event.type === 'update-recorded') {
      this.#promise(`update/${event.device}/${event.attempt}`);
    }
  }

  /** Takes what is to be endorsed. */
  prepared(args: readonly unknown[]): void {
    const [text] = args[1] as readonly string[];
    for (const report of JSON.parse(text ?? '[]') as readonly Report[]) {
      const key = keyOf(report);
      // A device tells its result until it is acknowledged: then the time of the telling alone is another.
      const now = JSON.stringify('n' in report ? report : { ...report, observed: '' });
      if ((this.#texts.get(key) ?? now) !== now) this.repeated.push(this.current);
      this.#texts.set(key, now);
    }
  }

  /** Takes what a killed manager left: no counter and no chain index is behind what was stored or shown before. */
  disk(
    { reports, devices }: ManagerDisk,
    shown: ReadonlyMap<string, { readonly counter: number; readonly index: number }>,
  ): void {
    for (const key of reports) this.#promise(key);
    for (const { id, secrets } of devices) {
      const now = { counter: secrets.answeredCtr, index: secrets.chain?.highestSent ?? 0 };
      const stored = this.#highest.get(id) ?? { counter: 0, index: 0 };
      const seen = shown.get(id) ?? stored;
      if (now.counter < stored.counter) this.repeated.push(this.current);
      if (now.index < Math.max(stored.index, seen.index)) this.repeated.push(this.current);
      this.#highest.set(id, now);
    }
  }

  /** @returns the tries whose reports are not on the ledger, and those whose reports are there more than once */
  compare(ledger: FakeLedger): {
    readonly lost: readonly number[];
    readonly doubled: readonly number[];
  } {
    const counts = new Map<string, number>();
    for (const report of [...ledger.statuses, ...ledger.updates]) {
      counts.set(keyOf(report), (counts.get(keyOf(report)) ?? 0) + 1);
    }
    const lost = [...this.#promised].filter(([key]) => !counts.has(key)).map(([, at]) => at);
    const twice = [...counts].filter(([, count]) => count > 1);
    return { lost, doubled: twice.map(([key]) => this.#promised.get(key) ?? 0) };
  }

  #promise(key: string): void {
    if (!this.#promised.has(key)) this.#promised.set(key, this.current);
  }
}
