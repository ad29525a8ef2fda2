/** Work that nobody awaits, begun by a timer or an event: its failure becomes an alarm instead of being lost. */
import type { EventSink } from './events.ts';
import { ManagementError } from './management-error.ts';

/** Keeps the node's unawaited work, so that closing can wait for it. */
export class Supervisor {
  readonly #events: EventSink;
  readonly #running = new Set<Promise<void>>();
  readonly #turns = new Map<string, Promise<void>>();

  constructor(events: EventSink) {
    this.#events = events;
  }

  /** Begins `work`; `device` names whom an alarm is about. */
  run(device: string | null, work: () => Promise<void>): void {
    const running = this.#reported(device, work).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Begins `work` when all that was begun under the same `subject` before has ended. */
  runInTurn(subject: string, work: () => Promise<void>): void {
    const before = this.#turns.get(subject) ?? Promise.resolve();
    const turn = before.then(() => this.#reported(null, work));
    this.#turns.set(subject, turn);
    this.run(null, async () => {
      await turn;
      if (this.#turns.get(subject) === turn) this.#turns.delete(subject);
    });
  }

  async #reported(device: string | null, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.report(device, error);
    }
  }

  /** An alarm for an error that ended some work; what the node's own end or a session's end aborted is none. */
  report(device: string | null, error: unknown): void {
    if (isEnding(error)) return;
    this.#events.emit({ type: 'alarm', device, ...describe(error) });
  }

  /** Resolves when nothing runs. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}

/** Code and text of an error, for events. */
export function describe(error: unknown): { readonly code: string; readonly reason: string } {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', reason: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  return { code, reason: error.message };
}

/** True for what comes of the node's own end, or a session's. */
export function isEnding(error: unknown): boolean {
  if (error instanceof ManagementError) return error.code === 'CLOSED';
  return error instanceof Error && error.name === 'AbortError';
}
