// The part of the workspaces' lock file that a package's dependencies reach, as a lock file of its own.

/** The folders in which Node looks for what a package at `from` requires, nearest first. */
function foldersAbove(from) {
  if (from === '') return ['node_modules'];
  const above = from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/')));
  return [`${from}/node_modules`, ...foldersAbove(above)];
}

function locate(packages, from, name) {
  return foldersAbove(from)
    .map((folder) => `${folder}/${name}`)
    .find((path) => packages[path] !== undefined);
}

/**
 * @param lock package-lock.json of the workspaces, version 3
 * @param manifest package.json of the package, whose dependencies are installed at the root
 */
export function shrinkwrap(lock, manifest) {
  const reached = new Map();
  const waiting = Object.keys(manifest.dependencies).map((name) => ['', name, false]);
  while (waiting.length > 0) {
    const [from, name, optional] = waiting.pop();
    const path = locate(lock.packages, from, name);
    if (path === undefined && !optional)
      throw new Error(`the lock file has no ${name} for ${from}`);
    if (path === undefined || reached.has(path)) continue;
    // Where a package was downloaded from is the installing machine's business; what it must be is not.
    const { resolved: _resolved, dev: _dev, peer: _peer, ...entry } = lock.packages[path];
    reached.set(path, entry);
    for (const below of Object.keys(entry.dependencies ?? {})) waiting.push([path, below, false]);
    for (const below of Object.keys(entry.optionalDependencies ?? {}))
      waiting.push([path, below, true]);
  }
  const { name, version, license, dependencies, engines } = manifest;
  return {
    name,
    version,
    lockfileVersion: lock.lockfileVersion,
    requires: true,
    packages: {
      '': { name, version, license, dependencies, engines },
      ...Object.fromEntries([...reached].sort(([left], [right]) => (left < right ? -1 : 1))),
    },
  };
}
