/** Every component's kill points, one component after the other. */
import { deviceFaults } from './device-faults.ts';
import { ledgerFaults } from './ledger-faults.ts';
import { managerFaults } from './manager-faults.ts';
import type { FaultRow } from './table.ts';

export const COMPONENTS = ['device', 'manager', 'ledger'] as const;
export type Component = (typeof COMPONENTS)[number];

const RUNS: Record<Component, (seed: number, tries: number) => Promise<readonly FaultRow[]>> = {
  device: deviceFaults,
  manager: managerFaults,
  ledger: ledgerFaults,
};

/** @param onBegin hears which component is next */
export async function faults(
  order: {
    /** Unsigned 32-bit: decides the moments. */
    readonly seed: number;
    /** How often ledger and manager are killed each. */
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
