import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SILENT } from '../../../network/src/network-logger.ts';
import type { FabricError } from '../../../network/src/fabric/index.ts';
import { SupervisedNode } from '../../../network/src/fabric/supervised-node.ts';
import { isAlive, shellCommand, until, untilLogged } from './programs.ts';

describe('SupervisedNode', () => {
  let folder: string;
  let log: string;
  let ended: object[];
  let given: FabricError[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'supervised-'));
    log = join(folder, 'node.log');
    ended = [];
    given = [];
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  function start(lines: string, pausesMs: readonly number[]): SupervisedNode {
    return new SupervisedNode({
      name: 'peer0',
      command: shellCommand(folder, lines),
      logger: { ...SILENT, error: (facts) => ended.push(facts) },
      onGivenUp: (error) => given.push(error),
      pausesMs,
    });
  }

  it('starts a node again that was killed, and goes on in the same log', async () => {
    const node = start('echo "run $$"; exec sleep 1000', [0]);
    const first = node.processId!;
    await untilLogged(log, `run ${first}`);
    process.kill(first, 'SIGKILL');
    await until(() => node.isRunning() && node.processId !== first);
    await untilLogged(log, `run ${node.processId!}`);
    expect(await readFile(log, 'utf8')).toBe(`run ${first}\nrun ${node.processId!}\n`);
    expect(ended).toEqual([{ node: 'peer0', how: 'signal SIGKILL', logFile: log }]);
    expect(given).toEqual([]);
    const second = node.processId!;
    await node.close();
    expect(isAlive(second)).toBe(false);
    expect(node.failure).toBeUndefined();
  });

  it('gives a node up that ends again and again', async () => {
    const node = start('echo run; exit 3', [0, 0]);
    await until(() => node.failure !== undefined);
    expect(await readFile(log, 'utf8')).toBe('run\nrun\nrun\n');
    expect(given).toEqual([node.failure]);
    expect(node.failure).toMatchObject({
      code: 'NODE_ENDED',
      message: expect.stringMatching(
        /peer0 ended .*exit code 3.*node\.log.*\nrun\nrun\nrun$/,
      ) as string,
    });
    expect(node.isRunning()).toBe(false);
    await node.close();
  });

  it('does not start one again once it is closing', async () => {
    await writeFile(log, '');
    const node = start('echo run; exit 1', [1_000_000]);
    await until(() => ended.length === 1);
    await node.close();
    expect(await readFile(log, 'utf8')).toBe('run\n');
    expect(given).toEqual([]);
  });
});
