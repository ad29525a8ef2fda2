/** Runs the contracts as Fabric does for chaincode as a service: `fabric-chaincode-node server` in its own process. */
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OperatorError } from '../errors.ts';
import { Child } from './child.ts';

/** A cold start took about 1 s; a busy machine may need many times that. */
const READY_WITHIN_MS = 30_000;
const POLL_MS = 50;

export interface ContractProcessOptions {
  /** Port of 127.0.0.1 to serve on. */
  readonly port: number;
  readonly packageId: string;
  readonly onUnexpectedEnd: (error: OperatorError) => void;
}

/** Resolves when the server accepts connections. */
export async function startContracts(options: ContractProcessOptions): Promise<Child> {
  const chaincode = dirname(require.resolve('@lamplighter/chaincode/package.json'));
  const child = new Child({
    name: 'chaincode process',
    program: join(
      dirname(require.resolve('fabric-shim/package.json', { paths: [chaincode] })),
      'cli.js',
    ),
    args: [
      'server',
      `--chaincode-address=127.0.0.1:${options.port}`,
      `--chaincode-id=${options.packageId}`,
      `--module-path=${chaincode}`,
    ],
    env: { CORE_CHAINCODE_LOGGING_LEVEL: 'error' },
    onUnexpectedEnd: options.onUnexpectedEnd,
  });
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await accepts(options.port))) {
    if (!child.isRunning() || Date.now() > deadline) {
      await child.close();
      throw new OperatorError('PROCESS_ENDED', `the chaincode did not start: ${child.words}`);
    }
    await delay(POLL_MS);
  }
  return child;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .once('error', () => {
        resolve(false);
      });
  });
}
