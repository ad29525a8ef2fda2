/**
 * Which suites of docs/protocol.md §4 a device may be assigned, and how strong each is. Effective strength is the least
 * of key length, tag length (the work of one forged record) and half of the hash's length (a collision).
 */
import { ContractError } from './errors.ts';
import type { DeviceKind } from './records.ts';

interface Suite {
  readonly kinds: readonly DeviceKind[];
  readonly keyBits: number;
  readonly tagBits: number;
}

const HASH_BITS = 256;
/** From here on: weak variants, never assigned on this ledger. */
const LEGACY = 0x8000;
const END: readonly DeviceKind[] = ['end'];
const LIGHTWEIGHT: readonly DeviceKind[] = ['lightweight'];
const BOTH: readonly DeviceKind[] = ['end', 'lightweight'];

const SUITES: ReadonlyMap<number, Suite> = new Map([
  [0x0101, { kinds: BOTH, keyBits: 128, tagBits: 128 }],
  [0x0102, { kinds: BOTH, keyBits: 256, tagBits: 128 }],
  [0x0103, { kinds: BOTH, keyBits: 256, tagBits: 128 }],
  [0x0104, { kinds: END, keyBits: 256, tagBits: 128 }],
  [0x0105, { kinds: END, keyBits: 256, tagBits: 128 }],
  [0x0201, { kinds: BOTH, keyBits: 128, tagBits: 128 }],
  [0x0202, { kinds: LIGHTWEIGHT, keyBits: 128, tagBits: 128 }],
  [0x0203, { kinds: LIGHTWEIGHT, keyBits: 128, tagBits: 128 }],
  [0x0301, { kinds: LIGHTWEIGHT, keyBits: 128, tagBits: 64 }],
  [0x0302, { kinds: LIGHTWEIGHT, keyBits: 128, tagBits: 64 }],
  [0x0303, { kinds: LIGHTWEIGHT, keyBits: 128, tagBits: 64 }],
  [0x0304, { kinds: LIGHTWEIGHT, keyBits: 128, tagBits: 64 }],
]);

/**
 * @returns effective strength in bits.
 * @throws ContractError SUITE_REFUSED for a legacy or unknown suite, or one that is not for this kind of device.
 */
export function strengthOf(id: number, kind: DeviceKind): number {
  const name = `suite 0x${id.toString(16).padStart(4, '0')}`;
  if (id > LEGACY) throw new ContractError('SUITE_REFUSED', `${name} is a legacy suite`);
  const suite = SUITES.get(id);
  if (suite === undefined) throw new ContractError('SUITE_REFUSED', `${name} is not known`);
  if (!suite.kinds.includes(kind)) {
    throw new ContractError('SUITE_REFUSED', `${name} is not for devices of kind ${kind}`);
  }
  return Math.min(suite.keyBits, suite.tagBits, HASH_BITS / 2);
}
