/**
 * Who has to endorse a transaction. The validator hands over those whose signatures it has verified; a policy counts them
 * by organisations here, and may weigh them by stake elsewhere.
 */
import type { Role } from '../membership/member-certificate.ts';
import type { Policy } from './policies.ts';

/** A member whose endorsement was verified. */
export interface Endorser {
  readonly mspId: string;
  readonly role: Role;
  /** Tells members apart; see Identity.fingerprint. */
  readonly fingerprint: string;
}

export type EndorsementVerdict =
  { readonly valid: true } | { readonly valid: false; readonly reason: string };

/** Counts endorsers, and looks at nothing else. */
export interface EndorserPolicy {
  evaluate(endorsers: readonly Endorser[]): EndorsementVerdict;
}

/** What a policy may look at besides the endorsers. */
export interface EndorsedWrites {
  /** First argument of the proposal, where it is one to the chaincode whose policy is asked; else empty. */
  readonly transaction: string;
  /** All keys that it writes in that chaincode's namespace, metadata writes included. */
  readonly keys: readonly string[];
  /** Whether it writes in other namespaces besides. */
  readonly elsewhere: boolean;
}

/** Must be a pure function of what it is given: every peer has to come to the same verdict. */
export interface EndorsementPolicy {
  /** A key's own policy is asked besides, where it otherwise takes the place of its chaincode's. @default false */
  readonly alwaysAsked?: boolean;
  /** Who may put another definition in the place of the chaincode's, besides those whom the channel asks. @default anybody */
  readonly replacement?: EndorsementPolicy;
  evaluate(endorsers: readonly Endorser[], writes: () => EndorsedWrites): EndorsementVerdict;
}

/**
 * More than half of the organisations have to endorse, each by a peer of its own: Fabric's default,
 * ImplicitMeta "MAJORITY Endorsement".
 *
 * @throws {RangeError} when no organisation is given.
 */
export function majorityOfOrganisations(mspIds: readonly string[]): EndorserPolicy {
  const organisations = new Set(mspIds);
  if (organisations.size === 0) {
    throw new RangeError('"mspIds" expected at least one organisation, got none');
  }
  const needed = Math.floor(organisations.size / 2) + 1;
  return {
    evaluate: (endorsers) => {
      const peers = endorsers.filter(
        ({ mspId, role }) => role === 'peer' && organisations.has(mspId),
      );
      const count = new Set(peers.map(({ mspId }) => mspId)).size;
      return count >= needed
        ? { valid: true }
        : {
            valid: false,
            reason: `expected endorsements of ${needed} of ${organisations.size} organisations, got ${count}`,
          };
    },
  };
}

/**
 * Takes any policy of the channel's language as an endorsement policy.
 *
 * @param name - said in the reason when it is not met.
 */
export function endorsementPolicyOf(name: string, policy: Policy): EndorserPolicy {
  return {
    evaluate: (endorsers) =>
      policy(endorsers)
        ? { valid: true }
        : {
            valid: false,
            reason: `expected endorsements that satisfy ${name}, got ${endorsers.length}`,
          },
  };
}
