/** What a node needs to prove the ledger's word to devices, wired together. */
import type { Contracts } from '../../ledger/contracts.ts';
import type { Clock } from '../clock.ts';
import type { Deliveries } from '../deliveries.ts';
import type { ReleaseAdmission } from '../release-admission.ts';
import type { VendorGateway } from '../vendor-gateway.ts';
import { DeviceProofs } from './device-proofs.ts';
import { ReleaseProofs } from './release-proofs.ts';
import { ValidatorChain, type ValidatorStore } from './validator-chain.ts';

export interface ProofParts {
  readonly contracts: Contracts;
  readonly admission: ReleaseAdmission;
  readonly vendors: VendorGateway;
  readonly deliveries: () => Deliveries;
  readonly store: ValidatorStore;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface NodeProofs {
  readonly validators: ValidatorChain;
  readonly devices: DeviceProofs;
}

/** Null where the ledger gives no signatures: devices that want proofs then have none. */
export function proofsOf(parts: ProofParts): NodeProofs | null {
  const { contracts, store, clock, signal } = parts;
  const source = contracts.ledger.proofs;
  if (source === undefined) return null;
  const validators = new ValidatorChain({ contracts, source, store, signal });
  const releases = new ReleaseProofs({ source, validators, clock, signal });
  return { validators, devices: new DeviceProofs({ ...parts, releases, validators }) };
}
