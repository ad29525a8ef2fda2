import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { assignPorts } from '../../../network/src/membership/ports.ts';

const HOST = '127.0.0.1';

describe('assignPorts', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ports-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('chooses different free ports and keeps them', async () => {
    const ports = await assignPorts(directory, HOST, ['orderer', 'A', 'B'], {});
    expect(new Set(Object.values(ports)).size).toBe(3);
    expect(await assignPorts(directory, HOST, ['orderer', 'A', 'B'], {})).toEqual(ports);
    const more = await assignPorts(directory, HOST, ['orderer', 'A', 'B', 'C'], {});
    expect(more).toMatchObject(ports);
    expect(more['C']).toBeGreaterThan(0);
  });

  it('takes the ports that are wished', async () => {
    expect(await assignPorts(directory, HOST, ['orderer'], { orderer: 7050 })).toEqual({
      orderer: 7050,
    });
  });

  it.each(['{', '[]x', '{"orderer":0}', '{"orderer":70000}', 'null', '3'])(
    'refuses a file that holds %s',
    async (content) => {
      await writeFile(join(directory, 'ports.json'), content);
      await expect(assignPorts(directory, HOST, ['orderer'], {})).rejects.toMatchObject({
        code: 'OPTIONS_INVALID',
      });
    },
  );
});
