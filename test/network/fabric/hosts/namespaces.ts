/**
 * Hosts of one machine: Linux network namespaces, each with an address of its own on a switch, which is a namespace too. Made by
 * ip(8), which needs the rights of an administrator: tests count as skipped without them.
 */
import { execFileSync } from 'node:child_process';

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Names of interfaces have 15 letters at most. */
const PREFIX = `lamp${process.pid % 100_000}`;

/** A quarter of the test processes of one machine could choose the same, and would each be in namespaces of their own. */
export const NET = process.pid % 250;

export function canMakeNamespaces(): boolean {
  const name = `${PREFIX}t`;
  try {
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'add', `${name}a`, 'type', 'bridge');
    ip('netns', 'delete', name);
    return true;
  } catch {
    return false; // no such program, or not allowed
  }
}

export interface Namespaces {
  /** What runs a program on a host. */
  readonly command: (host: number) => readonly [string, ...string[]];
  /** Plugs a host's cable in, or pulls it out. */
  readonly plug: (host: number, state: 'up' | 'down') => void;
  readonly remove: () => void;
}

/** Hosts have the addresses 10.77.{@link NET}.1 and on. */
export function makeNamespaces(count: number): Namespaces {
  const made: string[] = [];
  const add = (name: string): void => {
    ip('netns', 'add', name);
    made.push(name);
  };
  const hub = `${PREFIX}s`;
  const cable = (host: number): string => `${PREFIX}c${host}`;
  add(hub);
  ip('-n', hub, 'link', 'add', 'hub', 'type', 'bridge');
  ip('-n', hub, 'link', 'set', 'hub', 'up');
  for (let host = 0; host < count; host += 1) {
    const name = `${PREFIX}h${host}`;
    add(name);
    ip('-n', name, 'link', 'add', 'eth', 'type', 'veth', 'peer', 'name', cable(host), 'netns', hub);
    ip('-n', hub, 'link', 'set', cable(host), 'master', 'hub', 'up');
    ip('-n', name, 'address', 'add', `10.77.${NET}.${host + 1}/24`, 'dev', 'eth');
    ip('-n', name, 'link', 'set', 'eth', 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
  }
  return {
    command: (host) => ['ip', 'netns', 'exec', `${PREFIX}h${host}`],
    plug: (host, state) => {
      ip('-n', hub, 'link', 'set', cable(host), state);
    },
    remove: () => {
      for (const name of made) ip('netns', 'delete', name);
    },
  };
}
