import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { build } from 'esbuild';

import { NodeProcess } from '../../../network/src/fabric/node-process.ts';
import { isAlive, shellCommand, until, untilLogged } from './programs.ts';

const SOURCE = join(__dirname, '../../../network/src/fabric/node-process.ts');

describe('NodeProcess', () => {
  let folder: string;
  let log: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'node-'));
    log = join(folder, 'node.log');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('runs the program itself under the id that it tells, with its environment alone', async () => {
    const command = shellCommand(folder, 'echo "id $$"; pwd; echo "$SECRET."; echo no >&2');
    process.env['SECRET'] = 'leaked';
    const node = new NodeProcess({ ...command, environment: { LANG: 'C' } });
    delete process.env['SECRET'];
    expect(await node.ended).toBe('exit code 0');
    expect(await readFile(log, 'utf8')).toBe(`id ${node.processId!}\n${folder}\n.\nno\n`);
    expect(node.isRunning()).toBe(false);
    await node.close();
  });

  it('tells with what it ended', async () => {
    expect(await new NodeProcess(shellCommand(folder, 'exit 7')).ended).toBe('exit code 7');
    expect(await new NodeProcess(shellCommand(folder, 'kill -9 $$')).ended).toBe('signal SIGKILL');
    const missing = { ...shellCommand(folder, ''), program: '/nowhere/peer' };
    expect(await new NodeProcess(missing).ended).toBe('exit code 127');
    const nowhere = { ...shellCommand(folder, ''), folder: '/nowhere' };
    expect(await new NodeProcess(nowhere).ended).toContain('ENOENT');
  });

  it('is asked to end', async () => {
    const lines = 'trap "echo ended; exit 0" TERM; echo ready; while :; do sleep 0.05; done';
    const node = new NodeProcess(shellCommand(folder, lines));
    await untilLogged(log, 'ready');
    await node.close();
    expect(await readFile(log, 'utf8')).toBe('ready\nended\n');
    expect(await node.ended).toBe('exit code 0');
  });

  it('is killed when it does not end', async () => {
    const lines = 'trap "" TERM; echo ready; while :; do sleep 0.05; done';
    const node = new NodeProcess({ ...shellCommand(folder, lines), endWithinMs: 50 });
    await untilLogged(log, 'ready');
    await node.close();
    expect(await node.ended).toBe('signal SIGKILL');
  });

  it('does not outlive a parent that is killed', async () => {
    const program = join(folder, 'parent.cjs');
    await build({
      stdin: {
        contents: `const { NodeProcess } = require(${JSON.stringify(SOURCE)});
          const node = new NodeProcess(JSON.parse(process.argv[2]));
          process.send(node.processId);`,
        resolveDir: folder,
      },
      bundle: true,
      format: 'cjs',
      platform: 'node',
      outfile: program,
    });
    const command = shellCommand(folder, 'echo ready; exec sleep 1000');
    const parent = spawn(process.execPath, [program, JSON.stringify(command)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [processId] = (await once(parent, 'message')) as [number];
    await untilLogged(log, 'ready');
    expect(isAlive(processId)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    await until(() => !isAlive(processId));
  });
});
