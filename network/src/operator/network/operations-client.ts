/** Asks the operations endpoint of a running network, and makes sure that it is the one that wrote the running file. */
import { OperatorError } from '../errors.ts';
import type { RunningNetwork } from './running-file.ts';

const ANSWER_WITHIN_MS = 5_000;

/** @returns the parsed JSON answer, of whatever status. @throws {OperatorError} NETWORK_SILENT */
export async function askOperations(network: RunningNetwork, path: string): Promise<unknown> {
  try {
    const response = await fetch(`${network.operations}${path}`, {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const instance = response.headers.get('lamplighter-instance');
    if (instance !== network.instance) throw new TypeError('something else listens there');
    return await response.json();
  } catch (cause) {
    throw new OperatorError(
      'NETWORK_SILENT',
      `process ${network.processId} has the directory, but ${network.operations} does not answer as its network; ` +
        `look at ${network.logFile}`,
      { cause },
    );
  }
}
