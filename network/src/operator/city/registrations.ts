/** Transactions that an earlier run may have made, or that wait for what another organisation has just committed. */
import { setTimeout as delay } from 'node:timers/promises';

/** 5 s in all. */
const ATTEMPTS = 14;
const PAUSE_MS = 50;

/** Registers what may stand on the ledger from an earlier run. */
export async function unlessThere(code: string, register: () => Promise<unknown>): Promise<void> {
  try {
    await register();
  } catch (error) {
    if ((error as { code?: unknown }).code !== code) throw error;
  }
}

/** Tries again while a peer does not know yet what another has committed. */
export async function onceThere(code: string, register: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await register();
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== code || attempt === ATTEMPTS) throw error;
    }
    await delay(attempt * PAUSE_MS);
  }
}
