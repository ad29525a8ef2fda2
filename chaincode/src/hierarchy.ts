/** The tree of vendors, models, managers and devices, put together from the index keys of one page. */
import { NO_MANAGER } from './keys.ts';
import type { HierarchyManager, HierarchyModel, HierarchyVendor } from './records.ts';

type Managers = Map<string, string[]>;
type Models = Map<string, Managers>;

function branchOf<K, V>(map: Map<K, V>, key: K, empty: () => V): V {
  const found = map.get(key) ?? empty();
  map.set(key, found);
  return found;
}

function total(parts: readonly { readonly count: number }[]): number {
  return parts.reduce((sum, { count }) => sum + count, 0);
}

function managersOf(branch: ReadonlyMap<string, readonly string[]>): HierarchyManager[] {
  return [...branch].map(([manager, devices]) => ({
    manager: manager === NO_MANAGER ? null : manager,
    count: devices.length,
    devices,
  }));
}

/** @param paths `[vendor]`, `[vendor, model]` or `[vendor, model, manager or NO_MANAGER, device]`, in key order. */
export function buildHierarchy(paths: readonly (readonly string[])[]): HierarchyVendor[] {
  const tree = new Map<string, Models>();
  for (const [vendor = '', model, manager, device] of paths) {
    const models = branchOf(tree, vendor, (): Models => new Map());
    if (model === undefined) continue;
    const managers = branchOf(models, model, (): Managers => new Map());
    if (manager === undefined || device === undefined) continue;
    branchOf(managers, manager, (): string[] => []).push(device);
  }
  return [...tree].map(([vendor, branch]) => {
    const models = [...branch].map(([model, below]): HierarchyModel => {
      const managers = managersOf(below);
      return { model, count: total(managers), managers };
    });
    return { vendor, count: total(models), models };
  });
}
