/** Waits for what others have to do, looking again and again. */
import { setTimeout as delay } from 'node:timers/promises';

import { FabricError } from './errors.ts';

export interface Patience {
  /** Milliseconds; Infinity where people on other hosts are waited for. */
  readonly withinMs: number;
  readonly everyMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Hears what is waited for, whenever that changes. */
  readonly tell?: ((words: string) => void) | undefined;
}

/**
 * @param look - tells what is still missing, undefined when nothing is
 * @throws {@link FabricError} NOT_IN_TIME with what is missing; CLOSED
 */
export async function waitFor(
  what: string,
  look: () => Promise<string | undefined>,
  { withinMs, everyMs, signal, tell }: Patience,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  let told: string | undefined;
  for (let lack = await look(); lack !== undefined; lack = await look()) {
    if (lack !== told) tell?.(`${what}: ${lack}`);
    told = lack;
    if (signal?.aborted === true) throw new FabricError('CLOSED', 'the network is closing');
    if (Date.now() > deadline) throw new FabricError('NOT_IN_TIME', `${what}: ${lack}`);
    await delay(everyMs);
  }
}
