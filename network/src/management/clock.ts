/** Time and timers as the management node sees them: the one place where it touches the machine's clock. */

/** A pending timer. */
export interface Timer {
  /** Ends the timer; harmless after it fired. */
  cancel(): void;
}

/** Injected everywhere in this folder, so that tests decide what time it is. */
export interface Clock {
  /** Milliseconds from an arbitrary start, never going back. */
  monotonic(): number;
  /** Wall-clock time, for reports and signed requests. */
  date(): Date;
  /** Calls `action` once, `milliseconds` from now (at most 2^31 - 1). */
  after(milliseconds: number, action: () => void): Timer;
}

/** The machine's own clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  monotonic: () => performance.now(),
  date: () => new Date(),
  after: (milliseconds, action) => {
    const handle = setTimeout(action, milliseconds).unref();
    return {
      cancel: () => {
        clearTimeout(handle);
      },
    };
  },
};

/**
 * Waits on an injected clock.
 *
 * @throws `signal.reason` when aborted before the time is over.
 */
export async function sleep(
  clock: Clock,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const aborted = (): void => {
      timer.cancel();
      reject(signal.reason as Error);
    };
    const timer = clock.after(milliseconds, () => {
      signal.removeEventListener('abort', aborted);
      resolve();
    });
    signal.addEventListener('abort', aborted, { once: true });
  });
}
