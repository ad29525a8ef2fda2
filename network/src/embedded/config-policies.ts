/**
 * Policies as they stand in a channel's configuration (common/policies.proto): who of an organisation may do what, and how
 * many organisations have to agree. Named as Fabric's sample configuration names them.
 */
import { common, msp } from '@hyperledger/fabric-protos';

import type { Role } from '../membership/member-certificate.ts';

/** Policy by name. */
export type PolicySet = Readonly<Record<string, common.Policy>>;

const ROLE_TYPES: Readonly<
  Record<Role, msp.MSPRole.MSPRoleTypeMap[keyof msp.MSPRole.MSPRoleTypeMap]>
> = {
  client: msp.MSPRole.MSPRoleType.CLIENT,
  peer: msp.MSPRole.MSPRoleType.PEER,
  admin: msp.MSPRole.MSPRoleType.ADMIN,
  orderer: msp.MSPRole.MSPRoleType.ORDERER,
};

function rolePrincipal(mspId: string, role: Role | 'member'): msp.MSPPrincipal {
  const mspRole = new msp.MSPRole();
  mspRole.setMspIdentifier(mspId);
  mspRole.setRole(role === 'member' ? msp.MSPRole.MSPRoleType.MEMBER : ROLE_TYPES[role]);
  const principal = new msp.MSPPrincipal();
  principal.setPrincipalClassification(msp.MSPPrincipal.Classification.ROLE);
  principal.setPrincipal(mspRole.serializeBinary());
  return principal;
}

/**
 * A signature policy that asks for signatures of different principals.
 *
 * @param count - how many of the principals have to be met.
 */
export function signaturePolicy(
  count: number,
  principals: readonly { readonly mspId: string; readonly role: Role | 'member' }[],
): common.SignaturePolicyEnvelope {
  const nOutOf = new common.SignaturePolicy.NOutOf();
  nOutOf.setN(count);
  nOutOf.setRulesList(
    principals.map((_, index) => {
      const rule = new common.SignaturePolicy();
      rule.setSignedBy(index);
      return rule;
    }),
  );
  const rule = new common.SignaturePolicy();
  rule.setNOutOf(nOutOf);
  const envelope = new common.SignaturePolicyEnvelope();
  envelope.setRule(rule);
  envelope.setIdentitiesList(principals.map(({ mspId, role }) => rolePrincipal(mspId, role)));
  return envelope;
}

function anyOf(mspId: string, ...roles: readonly (Role | 'member')[]): common.Policy {
  const policy = new common.Policy();
  policy.setType(common.Policy.PolicyType.SIGNATURE);
  const principals = roles.map((role) => ({ mspId, role }));
  policy.setValue(signaturePolicy(1, principals).serializeBinary());
  return policy;
}

/** A policy over the policies of one name in the groups below. */
function implicit(rule: keyof common.ImplicitMetaPolicy.RuleMap, name: string): common.Policy {
  const meta = new common.ImplicitMetaPolicy();
  meta.setRule(common.ImplicitMetaPolicy.Rule[rule]);
  meta.setSubPolicy(name);
  const policy = new common.Policy();
  policy.setType(common.Policy.PolicyType.IMPLICIT_META);
  policy.setValue(meta.serializeBinary());
  return policy;
}

/** The channel and the groups right below it. */
export function groupPolicies(): PolicySet {
  return {
    Readers: implicit('ANY', 'Readers'),
    Writers: implicit('ANY', 'Writers'),
    Admins: implicit('MAJORITY', 'Admins'),
  };
}

export function applicationPolicies(): PolicySet {
  return {
    ...groupPolicies(),
    Endorsement: implicit('MAJORITY', 'Endorsement'),
    LifecycleEndorsement: implicit('MAJORITY', 'Endorsement'),
  };
}

export function ordererPolicies(): PolicySet {
  return { ...groupPolicies(), BlockValidation: implicit('ANY', 'Writers') };
}

/** An organisation with peers. */
export function memberPolicies(mspId: string): PolicySet {
  return {
    Readers: anyOf(mspId, 'admin', 'peer', 'client'),
    Writers: anyOf(mspId, 'admin', 'client'),
    Admins: anyOf(mspId, 'admin'),
    Endorsement: anyOf(mspId, 'peer'),
  };
}

/** An organisation with ordering nodes. */
export function ordererMemberPolicies(mspId: string): PolicySet {
  return {
    Readers: anyOf(mspId, 'member'),
    Writers: anyOf(mspId, 'member'),
    Admins: anyOf(mspId, 'admin'),
  };
}
