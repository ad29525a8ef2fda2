/**
 * Which peers together satisfy an endorsement policy (Fabric, common/policies/inquire): sets of organisations with the number of
 * peers of each. Only peers endorse, so a principal comes down to its organisation; one that no peer can meet drops out.
 * The number of sets is bounded: a policy of many organisations has more combinations than anybody can try.
 */
import { common, msp } from '@hyperledger/fabric-protos';

import { decodePolicy, malformedPolicy, MAX_DEPTH } from '../policies.ts';

/** How many peers of each organisation have to sign. */
export type OrganisationSet = ReadonlyMap<string, number>;

/** Sets of one policy, and of several merged. More are left out: each one that is listed suffices. */
export const MAX_SETS = 256;

const { ROLE } = msp.MSPPrincipal.Classification;
const { MEMBER, PEER } = msp.MSPRole.MSPRoleType;

type Combine = (left: number, right: number) => number;
const sum: Combine = (left, right) => left + right;
const most: Combine = (left, right) => Math.max(left, right);

function union(left: OrganisationSet, right: OrganisationSet, combine: Combine): OrganisationSet {
  const merged = new Map(left);
  for (const [mspId, count] of right) {
    merged.set(mspId, combine(merged.get(mspId) ?? 0, count));
  }
  return merged;
}

function isWithin(small: OrganisationSet, large: OrganisationSet): boolean {
  return [...small].every(([mspId, count]) => count <= (large.get(mspId) ?? 0));
}

/** Leaves out every set that asks for more than another one. Of equal ones the first stays. */
export function minimal(sets: readonly OrganisationSet[]): readonly OrganisationSet[] {
  return sets.filter((set, index) =>
    sets.every((other, at) => {
      const asksForLess = at !== index && isWithin(other, set);
      return !asksForLess || (isWithin(set, other) && index < at);
    }),
  );
}

function products(
  left: readonly OrganisationSet[],
  right: readonly OrganisationSet[],
  combine: Combine,
): readonly OrganisationSet[] {
  const merged: OrganisationSet[] = [];
  for (const first of left) {
    for (const second of right) {
      if (merged.length >= MAX_SETS) {
        return merged;
      }
      merged.push(union(first, second, combine));
    }
  }
  return merged;
}

/** Sets that satisfy `needed` of several rules; `combine` says whether one signature counts for several of them. */
function outOf(
  needed: number,
  rules: readonly (readonly OrganisationSet[])[],
  combine: Combine,
): readonly OrganisationSet[] {
  if (needed <= 0) {
    return [new Map()];
  }
  const [first, ...others] = rules;
  if (!first || rules.length < needed) {
    return [];
  }
  const withFirst = products(first, outOf(needed - 1, others, combine), combine);
  const room = MAX_SETS - withFirst.length;
  return room > 0 ? [...withFirst, ...outOf(needed, others, combine).slice(0, room)] : withFirst;
}

function principalSets(principal: msp.MSPPrincipal | undefined): readonly OrganisationSet[] {
  if (principal?.getPrincipalClassification() !== ROLE) {
    return [];
  }
  const role = decodePolicy('MSPRole', principal.getPrincipal_asU8(), (bytes) =>
    msp.MSPRole.deserializeBinary(bytes),
  );
  const type = role.getRole();
  return type === PEER || type === MEMBER ? [new Map([[role.getMspIdentifier(), 1]])] : [];
}

function ruleSets(
  rule: common.SignaturePolicy | undefined,
  principals: readonly msp.MSPPrincipal[],
  depth: number,
): readonly OrganisationSet[] {
  if (depth > MAX_DEPTH) {
    throw malformedPolicy(`expected rules nested at most ${MAX_DEPTH} deep, got more`);
  }
  if (rule?.hasSignedBy()) {
    return principalSets(principals[rule.getSignedBy()]);
  }
  const nOutOf = rule?.getNOutOf();
  const rules = nOutOf?.getRulesList().map((inner) => ruleSets(inner, principals, depth + 1));
  return outOf(nOutOf?.getN() ?? 0, rules ?? [], sum);
}

/** @throws IdentityError POLICY_MALFORMED */
export function setsOfSignaturePolicy(
  policy: common.SignaturePolicyEnvelope,
): readonly OrganisationSet[] {
  return minimal(ruleSets(policy.getRule(), policy.getIdentitiesList(), 0));
}

/** Of several policies, `needed` have to be satisfied; each counts every signature for itself. */
export function setsOfPolicies(
  needed: number,
  policies: readonly (readonly OrganisationSet[])[],
): readonly OrganisationSet[] {
  return minimal(outOf(needed, policies, most));
}
