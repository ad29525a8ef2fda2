/**
 * What this process has open. A process id in a file says nothing about one's own process, and advisory locks do not keep it out
 * either. Shared by all copies of this module that a process may have loaded.
 */
const REGISTRY = Symbol.for('lamplighter.held');

function registry(): Set<string> {
  const shared = globalThis as { [REGISTRY]?: Set<string> | undefined };
  return (shared[REGISTRY] ??= new Set());
}

/**
 * Takes something by a name that nothing else has, such as a resolved path.
 *
 * @returns what gives it back; undefined when it is taken.
 */
export function hold(name: string): (() => void) | undefined {
  const held = registry();
  if (held.has(name)) {
    return undefined;
  }
  held.add(name);
  return () => {
    held.delete(name);
  };
}
