import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { askOperations } from '../../../../network/src/operator/network/operations-client.ts';
import {
  findRunning,
  networkFolder,
  removeRunningFile,
  requireRunning,
  writeRunningFile,
} from '../../../../network/src/operator/network/running-file.ts';
import { stopRunning } from '../../../../network/src/operator/network/stop.ts';
import { StateDirectory } from '../../../../network/src/operator/state-directory.ts';
import { codeOf } from '../../code-of.ts';
import { newRunning } from './running.ts';

describe('the running file', () => {
  let directory: string;
  let folder: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'running-'));
    folder = networkFolder(directory);
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('is found while its writer has the directory, and only then', async () => {
    const running = newRunning('/users');
    {
      using _ = StateDirectory.open(directory, { fresh: false, engine: 'fabric' });
      mkdirSync(folder);
      expect(findRunning(directory)).toBeUndefined();
      await writeRunningFile(folder, running);
      expect(findRunning(directory)).toEqual(running);
    }
    expect(findRunning(directory)).toBeUndefined();
    expect(await codeOf(() => requireRunning(directory))).toBe('NETWORK_NOT_RUNNING');
  });

  it('is no news of the process that has the directory now when another one left it', async () => {
    using _ = StateDirectory.open(directory, { fresh: false, engine: 'fabric' });
    mkdirSync(folder);
    await writeRunningFile(folder, { ...newRunning('/users'), processId: process.pid + 1 });
    expect(findRunning(directory)).toBeUndefined();
    removeRunningFile(folder);
    expect(() => requireRunning(directory)).toThrow(`process ${process.pid} has`);
  });

  it('is not read when it was written by another version', () => {
    using _ = StateDirectory.open(directory, { fresh: false, engine: 'fabric' });
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'running.json'),
      JSON.stringify({ ...newRunning('/users'), format: 'lamplighter.network.v9' }),
    );
    expect(findRunning(directory)).toBeUndefined();
  });
});

describe('a process that has taken the id of a network', () => {
  const server = createServer((_, response) => {
    response.setHeader('lamplighter-instance', 'another').end('{}');
  });
  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(async () => {
    server.close().closeAllConnections();
    await once(server, 'close');
  });

  it('is sent no signal', async () => {
    const kill = jest.spyOn(process, 'kill');
    const { port } = server.address() as AddressInfo;
    const running = { ...newRunning('/users'), operations: `http://127.0.0.1:${port}` };
    expect(await codeOf(() => stopRunning('/nowhere', running))).toBe('NETWORK_SILENT');
    expect(kill).not.toHaveBeenCalled();
    kill.mockRestore();
  });

  it('is not taken for the network', async () => {
    const silent = { ...newRunning('/users'), operations: 'http://127.0.0.1:1' };
    expect(await codeOf(() => askOperations(silent, '/healthz'))).toBe('NETWORK_SILENT');
  });
});
