import { createServer } from 'node:net';
import { freePort, freePorts } from '../../network/src/free-ports.ts';

describe('free ports', () => {
  it('are different, and free', async () => {
    const ports = await freePorts('127.0.0.1', 20);
    expect(new Set(ports).size).toBe(20);
    for (const port of [...ports, await freePort()]) {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', resolve);
      });
      await new Promise((resolve) => server.close(resolve));
    }
    expect(await freePorts('127.0.0.1', 0)).toEqual([]);
  });

  it('are not found at an address of somebody else', async () => {
    await expect(freePorts('192.0.2.1', 2)).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });
});
