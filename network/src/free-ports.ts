/** Finds TCP ports that nobody listens on, for those that must be told their port before they listen. */
import { createServer, type AddressInfo, type Server } from 'node:net';

/** Different ones: all are held until all are known. */
export async function freePorts(host: string, count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  try {
    return await Promise.all(servers.map((server) => portOf(server, host)));
  } finally {
    await Promise.all(servers.map(close));
  }
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts('127.0.0.1', 1);
  if (port === undefined) throw new TypeError('expected a port');
  return port;
}

function portOf(server: Server, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // One that never listened says so; it is closed all the same.
    server.close(() => {
      resolve();
    });
  });
}
