/** Reports that an outbox took, what it told of them, and what the ledger has. */
import type { StatusReport } from '@lamplighter/chaincode';

import type { Contracts } from '../../network/src/ledger/index.ts';
import type { OutboxEntry, OutboxOutcome } from '../../network/src/management/outbox.ts';

export interface Compared {
  /** Taken, and not on the ledger. */
  readonly lost: number;
  /** On the ledger more than once. */
  readonly doubled: number;
}

/** See the module comment. */
export class FabricJournal {
  readonly #numbers = new Map<string, number>();
  readonly #taken = new Set<string>();
  /** When transactions were known to be committed, milliseconds. */
  readonly #commits: number[] = [];
  #last = '';

  constructor(devices: readonly string[]) {
    for (const device of devices) this.#numbers.set(device, 0);
  }

  /** Transactions known to be committed. */
  get commits(): number {
    return this.#commits.length;
  }

  /** The next report of a device. */
  next(device: string): OutboxEntry {
    const n = (this.#numbers.get(device) ?? 0) + 1;
    this.#numbers.set(device, n);
    const report: StatusReport = {
      device,
      n,
      status: 'normal',
      reasons: [],
      sequence: 1,
      version: '1.0.0',
      sha256: '00'.repeat(32),
      observed: new Date().toISOString(),
      dueWithin: 3_600,
    };
    return { kind: 'status', protocol: 'monitoring', report };
  }

  took({ report }: OutboxEntry): void {
    if ('n' in report) this.#taken.add(keyOf(report.device, report.n));
  }

  heard(outcome: OutboxOutcome): void {
    if ('refused' in outcome || outcome.transactionId === this.#last) return;
    this.#last = outcome.transactionId;
    this.#commits.push(performance.now());
  }

  /** The longest time without a commit that began or ended after a moment, milliseconds. */
  longestGap(from: number, to: number): number {
    const moments = this.#commits.filter((at) => at >= from && at <= to);
    const before = this.#commits.filter((at) => at < from).slice(-1);
    const all = [...before, ...moments];
    return all.slice(1).reduce((gap, at, index) => Math.max(gap, at - (all[index] ?? at)), 0);
  }

  async compare(contracts: Contracts): Promise<Compared> {
    const counts = new Map<string, number>();
    for (const device of this.#numbers.keys()) {
      for (const { value } of await contracts.statusHistory(device)) {
        const key = keyOf(device, value?.n ?? 0);
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    const lost = [...this.#taken].filter((key) => !counts.has(key)).length;
    return { lost, doubled: [...counts.values()].filter((count) => count > 1).length };
  }
}

function keyOf(device: string, n: number): string {
  return `${device}/${n}`;
}
