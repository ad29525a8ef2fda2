/** Ends a running network, or the city it belongs to, and waits until it has let go of its directory. */
import { setTimeout as delay } from 'node:timers/promises';
import { OperatorError } from '../errors.ts';
import { askOperations } from './operations-client.ts';
import { processOf, type RunningNetwork } from './running-file.ts';

/** It has 30 s itself, and is killed after that. */
const GONE_WITHIN_MS = 40_000;
const POLL_MS = 50;

/** @throws {OperatorError} NETWORK_SILENT, NOT_IN_TIME */
export async function stopRunning(directory: string, network: RunningNetwork): Promise<void> {
  // A process id may belong to another program by now: only a network that answers is sent a signal.
  await askOperations(network, '/version');
  process.kill(network.processId, 'SIGTERM');
  const deadline = Date.now() + GONE_WITHIN_MS;
  while (processOf(directory) === network.processId) {
    if (Date.now() > deadline) {
      throw new OperatorError(
        'NOT_IN_TIME',
        `process ${network.processId} has not ended within ${GONE_WITHIN_MS / 1_000} s; look at ${network.logFile}`,
      );
    }
    await delay(POLL_MS);
  }
}
