/**
 * The ports of a network. Free ones are chosen at the first start and kept in `ports.json`, since the channel's configuration and
 * the connection profiles name them.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { messageOf } from '../errors.ts';
import { freePorts } from '../free-ports.ts';
import { MembershipError } from './errors.ts';

/** Port by node: `orderer`, or the MSP id of a peer's organisation. */
export type Ports = Readonly<Record<string, number>>;

function isPorts(value: unknown): value is Ports {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((port) => Number.isInteger(port) && port > 0 && port < 65_536)
  );
}

async function readPorts(path: string): Promise<Ports> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      return {};
    }
    throw new MembershipError('OPTIONS_INVALID', `${path} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
  if (!isPorts(value)) {
    throw new MembershipError(
      'OPTIONS_INVALID',
      `${path} expected ports by node, got something else`,
    );
  }
  return value;
}

/** @returns a port for every node: as wished, as kept, or a free one. */
export async function assignPorts(
  directory: string,
  host: string,
  nodes: readonly string[],
  wished: Ports,
): Promise<Ports> {
  const path = join(directory, 'ports.json');
  const kept: Ports = { ...(await readPorts(path)), ...wished };
  const missing = nodes.filter((node) => kept[node] === undefined);
  const free = await freePorts(host, missing.length);
  const ports = {
    ...kept,
    ...Object.fromEntries(missing.map((node, index) => [node, free[index] ?? 0])),
  };
  await writeFile(path, `${JSON.stringify(ports, undefined, 2)}\n`);
  return ports;
}
