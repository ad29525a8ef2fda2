/** Runs the test contract in a child process, with the server of the real fabric-shim. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export { freePort } from '../../../network/src/free-ports.ts';

export const PACKAGE_ID = `features_1.0:${'ab'.repeat(32)}`;

export interface ChaincodeProcess {
  readonly address: string;
  stop(): Promise<void>;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

export async function startChaincode(
  port: number,
  packageId: string = PACKAGE_ID,
  /** Folder of a contract with its package.json. */
  directory: string = join(__dirname, 'contract'),
): Promise<ChaincodeProcess> {
  const address = `127.0.0.1:${port}`;
  const command = join(__dirname, '../../../node_modules/fabric-shim/cli.js');
  const child = spawn(
    process.execPath,
    [command, 'server', '--chaincode-address', address, '--chaincode-id', packageId],
    {
      cwd: directory,
      env: { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'error', NODE_NO_WARNINGS: '1' },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const exited = once(child, 'exit');
  while (!(await isListening(port))) {
    if (child.exitCode !== null) {
      throw new Error(`the chaincode ended with exit code ${child.exitCode}`);
    }
    await delay(50);
  }
  return {
    address,
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}
