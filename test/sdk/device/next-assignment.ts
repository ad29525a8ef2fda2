/** A newer assignment of a fixture's device, and the manager that it names (docs/protocol.md §2.3). */
import {
  chainContext,
  chainValue,
  macEnvelope,
  newEd25519Signer,
  pskOf,
  signEnvelope,
  suiteOf,
  vendorKeyAt,
} from '@lamplighter/sdk/crypto';
import { manageEpoch } from '@lamplighter/sdk/protocol';
import { encodeAssignment, encodeChainKey, encodeSigned } from '@lamplighter/sdk/wire';
import type { Assignment } from '@lamplighter/sdk/wire';
import { CHAIN_SEED, KV0, VENDOR_SECRET, filled } from '../protocol/session-fixture.ts';
import type { DeviceFixture } from './device-fixture.ts';
import { MemoryManager } from './memory-manager.ts';

/** Under another manager and kid, one serial and one epoch on. */
export function nextAssignment(
  fixture: DeviceFixture,
  changes: Partial<Assignment> = {},
): { readonly envelope: Uint8Array; readonly manager: MemoryManager } {
  const { assignment } = fixture.manager.epoch;
  const next: Assignment = {
    ...assignment,
    serial: 1,
    epoch: 2,
    idM: 'manager-2',
    prevKid: assignment.kid,
    kid: filled(0x0b, 16),
    endpoints: ['ws://other.example/v1/device'],
    ...changes,
  };
  const length = 64;
  const seed = CHAIN_SEED;
  const context = chainContext(next.idM, next.idD, next.epoch);
  const anchor = chainValue(suiteOf(next.suite), context, { seed, length }, 0);
  const light = next.class === 1;
  const payload = encodeAssignment(
    light ? { ...next, mkey: encodeChainKey({ length, anchor }) } : next,
  );
  const envelope = encodeSigned(
    light
      ? macEnvelope('assignment', payload, fixture.kvm)
      : signEnvelope('assignment', payload, newEd25519Signer(VENDOR_SECRET)),
  );
  const { kv } = vendorKeyAt({ kv: KV0, kvN: 0 }, 1);
  const managed =
    next.op === 1
      ? fixture.manager.epoch
      : manageEpoch(payload, pskOf(kv, payload), light ? seed : undefined);
  return { envelope, manager: new MemoryManager(managed) };
}
