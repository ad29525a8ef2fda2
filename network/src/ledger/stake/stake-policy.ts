/** The rule of stake on one table, as the client asks it: whom to ask, whether these are enough. Verdicts are remembered. */
import {
  counts,
  decide,
  encodeStakeTable,
  judgeByStake,
  STAKE_ONLY,
  voicesOf,
  type Finding,
  type StakeHolder,
  type StakeTable,
  type StakeVerdict,
} from '@lamplighter/chaincode/stake';

/** Sets of organisations whose verdict is remembered; there are few of those that answer. */
const MOST_VERDICTS = 1_024;

export class StakePolicy {
  readonly table: StakeTable;
  readonly #bytes: Uint8Array;
  readonly #verdicts = new Map<string, StakeVerdict>();

  constructor(table: StakeTable) {
    this.table = table;
    this.#bytes = encodeStakeTable(table);
  }

  /** What peers will say of a transaction that these organisations endorsed. The client writes what its name says. */
  judge(transaction: string, endorsers: readonly string[]): StakeVerdict {
    const key = `${needsValidator(transaction)} ${[...new Set(endorsers)].sort().join(' ')}`;
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    const verdict = judgeByStake({
      table: this.#bytes,
      channel: [],
      transaction,
      writes: [],
      writesElsewhere: false,
      endorsers,
    });
    if (this.#verdicts.size >= MOST_VERDICTS) this.#verdicts.clear();
    this.#verdicts.set(key, verdict);
    return verdict;
  }

  /** Whether an organisation has a voice: shares, and no bar. */
  hears(mspId: string): boolean {
    const holder = this.#holderOf(mspId);
    return holder !== undefined && counts(holder);
  }

  /** Whether a conviction would change anything: who is barred already can only lose the shares. */
  isWorthReporting({ accused, kind }: Pick<Finding, 'accused' | 'kind'>): boolean {
    const holder = this.#holderOf(accused);
    if (holder === undefined || holder.shares === 0n) return false;
    return !holder.barred || kind === 'equivocation';
  }

  /** Whether these organisations, two at least, hold more than the threshold, whoever is the validator. */
  passes(organisations: Iterable<string>): boolean {
    return decide(this.table, voicesOf(this.table, new Set(organisations)));
  }

  #holderOf(mspId: string): StakeHolder | undefined {
    return this.table.organisations.find((holder) => holder.mspId === mspId);
  }
}

/** False for transactions that elect, skip or accuse the validator. */
export function needsValidator(transaction: string): boolean {
  return !STAKE_ONLY.includes(transaction);
}
