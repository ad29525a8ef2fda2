/** Fans the node's facts out to listeners and to bounded async iterators. */
import type { Clock } from './clock.ts';
import type { EventListener, EventSink, ManagementEvent, ManagementFact } from './events.ts';

/** Options of {@link EventStream}. */
export interface EventStreamOptions {
  readonly clock: Clock;
  /** Facts kept for one slow reader before its oldest are dropped. @default 4_096 */
  readonly bufferedEvents?: number;
}

/** A typed event stream: `on` for callbacks, `for await` for readers. */
export class EventStream implements EventSink {
  readonly #listeners = new Set<EventListener>();
  readonly #clock: Clock;
  readonly #bufferedEvents: number;
  readonly #closed = new AbortController();

  constructor(options: EventStreamOptions) {
    this.#clock = options.clock;
    this.#bufferedEvents = options.bufferedEvents ?? 4_096;
  }

  emit(fact: ManagementFact): void {
    const event: ManagementEvent = { at: this.#clock.date().toISOString(), ...fact };
    for (const listener of this.#listeners) listener(event);
  }

  /** Calls `listener` with each fact from now on; the returned function ends that. */
  on(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** The facts from now on, until the stream closes or the reader stops. A reader that is too slow loses the oldest. */
  async *read(): AsyncGenerator<ManagementEvent, void, undefined> {
    const waiting: ManagementEvent[] = [];
    let wake: () => void = () => undefined;
    const stop = this.on((event) => {
      if (waiting.length >= this.#bufferedEvents) waiting.shift();
      waiting.push(event);
      wake();
    });
    const aborted = (): void => {
      wake();
    };
    this.#closed.signal.addEventListener('abort', aborted);
    try {
      for (;;) {
        const event = waiting.shift();
        if (event !== undefined) yield event;
        else if (this.#closed.signal.aborted) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      stop();
      this.#closed.signal.removeEventListener('abort', aborted);
    }
  }

  /** Ends every reader once it has what was emitted before. */
  close(): void {
    this.#closed.abort();
  }
}
