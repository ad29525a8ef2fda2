/** Waiting between two tries of something that runs in the background. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Ends early, without an error, when the signal is aborted; keeps no process alive. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal, ref: false });
  } catch {
    // Aborted: the caller looks at the signal.
  }
}
