/**
 * Keeps a flood of refused connections out of the operator's events: some are told one by one, the others are counted by
 * reason and told together. Reasons are codes of ours, so their number is bounded.
 */
import type { Clock, Timer } from './clock.ts';
import type { EventSink, ManagementFact } from './events.ts';
import { TokenBucket, type Rate } from './token-bucket.ts';

/** Refusals told one by one. */
const RATE: Rate = { burst: 64, perSecond: 4 };
/** Milliseconds in which the others are counted. */
const PERIOD_MS = 10_000;

/** Passes facts on; see the module comment. */
export class RefusalEvents implements EventSink {
  readonly #events: EventSink;
  readonly #clock: Clock;
  readonly #rate: TokenBucket;
  readonly #counts = new Map<string, number>();
  #timer: Timer | null = null;

  constructor(events: EventSink, clock: Clock) {
    this.#events = events;
    this.#clock = clock;
    this.#rate = new TokenBucket(RATE, clock.monotonic());
  }

  emit(fact: ManagementFact): void {
    if (fact.type !== 'connection-refused' || this.#rate.take(this.#clock.monotonic())) {
      this.#events.emit(fact);
      return;
    }
    this.#counts.set(fact.reason, (this.#counts.get(fact.reason) ?? 0) + 1);
    this.#timer ??= this.#clock.after(PERIOD_MS, () => {
      this.flush();
    });
  }

  /** Tells what was counted, if anything. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const count = [...this.#counts.values()].reduce((sum, each) => sum + each, 0);
    if (count === 0) return;
    const reasons = Object.fromEntries(this.#counts);
    this.#counts.clear();
    this.#events.emit({ type: 'connections-refused', count, reasons });
  }
}
