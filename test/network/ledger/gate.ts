/** A door in front of a node: closed nobody comes through, frozen it takes everything and passes on nothing. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import type { ConnectionProfile } from '../../../network/src/membership/connection-profile.ts';

export class Gate implements AsyncDisposable {
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #isFrozen = false;
  port = 0;

  private constructor(target: number) {
    this.#target = target;
  }

  static async before(target: number): Promise<Gate> {
    const gate = new Gate(target);
    await gate.open();
    return gate;
  }

  /** On the port it had. */
  async open(): Promise<void> {
    this.#isFrozen = false;
    const server = createServer((socket) => {
      this.#pass(socket);
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** As a node that is killed. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server === undefined) return;
    server.close();
    await once(server, 'close');
  }

  /** As a node that is stopped. */
  freeze(): void {
    this.#isFrozen = true;
    for (const socket of this.#sockets) socket.pause();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #pass(socket: Socket): void {
    const onward = connect(this.#target, '127.0.0.1');
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.on('data', (bytes) => to.write(bytes));
      if (this.#isFrozen) from.pause();
    }
  }
}

type Nodes = 'peers' | 'orderers';

function portOf(profile: ConnectionProfile, kind: Nodes, name: string): number {
  return Number(new URL(profile[kind][name]!.url.replace('grpcs', 'https')).port);
}

/** The profile with a gate before each of its nodes of a kind, and the gates by the nodes' names. */
export async function gated(
  profile: ConnectionProfile,
  kind: Nodes,
): Promise<{ readonly profile: ConnectionProfile; readonly gates: ReadonlyMap<string, Gate> }> {
  const gates = new Map<string, Gate>();
  for (const name of Object.keys(profile[kind])) {
    gates.set(name, await Gate.before(portOf(profile, kind, name)));
  }
  const nodes = Object.entries(profile[kind]).map(([name, node]) => {
    const url = `grpcs://127.0.0.1:${gates.get(name)!.port}`;
    return [name, { ...node, url }] as const;
  });
  return { profile: { ...profile, [kind]: Object.fromEntries(nodes) }, gates };
}
