/** Waiting of what the client does by itself, which keeps no process alive. */
import { setTimeout as delay } from 'node:timers/promises';

/** @returns false when the signal ended it */
export function pauseUntil(signal: AbortSignal, milliseconds: number): Promise<boolean> {
  return delay(milliseconds, true, { signal, ref: false }).catch(() => false);
}
