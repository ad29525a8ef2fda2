/** Every component's kill points, one component after the other. */
import { deviceFaults } from './device-faults.ts';
import { fabricFaults } from './fabric-faults.ts';
import { ledgerFaults } from './ledger-faults.ts';
import { ledgerFullDisk } from './ledger-full-disk.ts';
import { managerFaults } from './manager-faults.ts';
import { managerFullDisk } from './manager-full-disk.ts';
import type { FaultRow } from './table.ts';

export const COMPONENTS = ['device', 'manager', 'ledger'] as const;
/** `fabric` is apart: it needs Fabric's own programs. */
export type Component = (typeof COMPONENTS)[number] | 'fabric';

const RUNS: Record<Component, (seed: number, tries: number) => Promise<readonly FaultRow[]>> = {
  device: deviceFaults,
  manager: async (seed, tries) => [
    ...(await managerFaults(seed, tries)),
    ...(await managerFullDisk(fillings(tries))),
  ],
  ledger: async (seed, tries) => [
    ...(await ledgerFaults(seed, tries)),
    ...(await ledgerFullDisk(seed, fillings(tries))),
  ],
  fabric: fabricFaults,
};

/** A disk that fills up takes ten times as long as a kill. */
function fillings(tries: number): number {
  return Math.ceil(tries / 10);
}

/** @param onBegin hears which component is next */
export async function faults(
  order: {
    /** Unsigned 32-bit: decides the moments. */
    readonly seed: number;
    /** How often ledger and manager are killed each; their disks fill up a tenth as often. */
    readonly tries: number;
    readonly components?: readonly Component[];
  },
  onBegin: (component: Component) => void = () => undefined,
): Promise<readonly FaultRow[]> {
  const rows: FaultRow[] = [];
  for (const component of order.components ?? COMPONENTS) {
    onBegin(component);
    rows.push(...(await RUNS[component](order.seed, order.tries)));
  }
  return rows;
}
