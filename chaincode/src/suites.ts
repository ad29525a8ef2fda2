/**
 * Which suite of docs/protocol.md §4 a device may be assigned, and how strong that leaves it: the least of what its suite
 * and its manager's proof give.
 */
import {
  effectiveStrength,
  suiteFacts,
  suiteStrength,
  type SuiteFacts,
  type SuiteStrength,
} from '@lamplighter/sdk/wire';
import { ContractError } from './errors.ts';
import type { AssignmentReference, DeviceKind, DeviceRecord } from './records.ts';

const CLASS: Readonly<Record<DeviceKind, 0 | 1>> = { end: 0, lightweight: 1 };

function refuse(id: number, why: string): ContractError {
  const name = `suite 0x${id.toString(16).padStart(4, '0')}`;
  return new ContractError('SUITE_REFUSED', `${name} ${why}`);
}

/**
 * A suite that a device of this kind can have.
 *
 * @param legacy whether the device is registered as one that can do no better
 * @throws ContractError SUITE_REFUSED
 */
export function checkSuite(id: number, kind: DeviceKind, legacy: boolean): SuiteFacts {
  const suite = suiteFacts(id);
  if (suite === undefined) throw refuse(id, 'is not known');
  if (!suite.classes.includes(CLASS[kind])) throw refuse(id, `is not for devices of kind ${kind}`);
  if (suite.legacy && !legacy) throw refuse(id, 'is for devices registered as legacy only');
  return suite;
}

/** @throws ContractError SUITE_REFUSED unless the device is registered to carry it. */
export function checkCarried(id: number, { kind, suites, legacy }: DeviceRecord): void {
  checkSuite(id, kind, legacy);
  if (!suites.includes(id)) throw refuse(id, 'is none that the device carries');
}

/** How strong an assigned device is. */
export interface DeviceStrength {
  /** Bits, the least of `parts`. */
  readonly strength: number;
  readonly legacy: boolean;
  readonly parts: SuiteStrength;
}

export function strengthOf(
  { suite: id, managerProof }: Pick<AssignmentReference, 'suite' | 'managerProof'>,
  { kind, legacy }: Pick<DeviceRecord, 'kind' | 'legacy'>,
): DeviceStrength {
  const suite = checkSuite(id, kind, legacy);
  const parts = suiteStrength(suite, CLASS[kind], managerProof);
  return { strength: effectiveStrength(parts), legacy: suite.legacy, parts };
}
