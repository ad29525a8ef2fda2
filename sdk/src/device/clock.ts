/** The device's clock and timers, injectable for tests. */

/** Seconds and timers; `now` never goes back. */
export interface DeviceClock {
  /** Seconds from an arbitrary point. */
  now(): number;
  /**
   * Calls back once.
   *
   * @returns a function that cancels it
   */
  schedule(seconds: number, callback: () => void): () => void;
}

/** Longest delay that platform timers take, seconds. */
const LONGEST = 2_147_483;

/** The platform's monotonic clock. */
export const systemClock: DeviceClock = {
  now: () => performance.now() / 1000,
  schedule(seconds, callback) {
    const timer = setTimeout(callback, Math.min(seconds, LONGEST) * 1000);
    return () => {
      clearTimeout(timer);
    };
  },
};

/**
 * Settles after some seconds.
 *
 * @throws the signal's reason when it aborts first
 */
export function wait(clock: DeviceClock, seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const aborted = (): void => {
      cancel();
      reject(signal.reason as Error);
    };
    const cancel = clock.schedule(seconds, () => {
      signal.removeEventListener('abort', aborted);
      resolve();
    });
    signal.addEventListener('abort', aborted, { once: true });
  });
}
