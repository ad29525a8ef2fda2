/**
 * Fabric's policy language (common/policies.proto) as pure functions over members whose signatures were verified before:
 * signature policies over roles, and implicit meta policies over other policies.
 */
import { common, msp } from '@hyperledger/fabric-protos';

import { IdentityError } from '../membership/identity-errors.ts';
import type { Role } from '../membership/member-certificate.ts';

/** Facts that a policy looks at; an Identity has them. */
export interface PolicyMember {
  readonly mspId: string;
  readonly role: Role;
  /** Equal for the same member only. */
  readonly fingerprint: string;
}

/** True when the members together satisfy it. */
export type Policy = (members: readonly PolicyMember[]) => boolean;

/** A rule marks the members it used; nobody counts twice in one policy. */
type Rule = (members: readonly PolicyMember[], used: Set<number>) => boolean;
type Principal = (member: PolicyMember) => boolean;

/** How deep policies and groups may nest. Fabric sets no limit; ours keep a hostile policy from exhausting the stack. */
export const MAX_DEPTH = 16;
const MAX_RULES = 1_024;

const ROLE_NAMES: ReadonlyMap<number, Role> = new Map([
  [msp.MSPRole.MSPRoleType.ADMIN, 'admin'],
  [msp.MSPRole.MSPRoleType.CLIENT, 'client'],
  [msp.MSPRole.MSPRoleType.PEER, 'peer'],
  [msp.MSPRole.MSPRoleType.ORDERER, 'orderer'],
]);

/** Error of everything in a policy that cannot be read. */
export function malformedPolicy(message: string, cause?: unknown): IdentityError {
  return new IdentityError('POLICY_MALFORMED', message, { cause });
}

/** Reads a message inside a policy; what does not parse is POLICY_MALFORMED. */
export function decodePolicy<Message>(
  name: string,
  bytes: Uint8Array,
  read: (bytes: Uint8Array) => Message,
): Message {
  try {
    return read(bytes);
  } catch (cause) {
    throw malformedPolicy(`expected a ${name}, got ${bytes.length} bytes that do not parse`, cause);
  }
}

function compilePrincipal(principal: msp.MSPPrincipal): Principal {
  const kind = principal.getPrincipalClassification();
  if (kind !== msp.MSPPrincipal.Classification.ROLE) {
    throw malformedPolicy(`expected a principal by role, got classification ${kind}`);
  }
  const mspRole = decodePolicy('MSPRole', principal.getPrincipal_asU8(), (bytes) =>
    msp.MSPRole.deserializeBinary(bytes),
  );
  const mspId = mspRole.getMspIdentifier();
  if (mspRole.getRole() === msp.MSPRole.MSPRoleType.MEMBER) {
    return (member) => member.mspId === mspId;
  }
  const role = ROLE_NAMES.get(mspRole.getRole());
  if (role === undefined) {
    throw malformedPolicy(`expected a role of MSPRole, got ${mspRole.getRole()}`);
  }
  return (member) => member.mspId === mspId && member.role === role;
}

function signedBy(principal: Principal): Rule {
  return (members, used) => {
    const index = members.findIndex((member, at) => !used.has(at) && principal(member));
    if (index >= 0) {
      used.add(index);
    }
    return index >= 0;
  };
}

function outOf(needed: number, rules: readonly Rule[]): Rule {
  return (members, used) => {
    let satisfied = 0;
    for (const rule of rules) {
      // A rule that fails gives back the members it had tried.
      const tried = new Set(used);
      if (rule(members, tried)) {
        satisfied++;
        tried.forEach((index) => used.add(index));
      }
    }
    return satisfied >= needed;
  };
}

class RuleCompiler {
  readonly #principals: readonly Principal[];
  #rules = 0;

  constructor(principals: readonly Principal[]) {
    this.#principals = principals;
  }

  compile(policy: common.SignaturePolicy | undefined, depth = 0): Rule {
    this.#rules++;
    if (depth > MAX_DEPTH || this.#rules > MAX_RULES) {
      throw malformedPolicy(
        `expected at most ${MAX_RULES} rules nested ${MAX_DEPTH} deep, got more`,
      );
    }
    if (policy?.hasSignedBy()) {
      const principal = this.#principals[policy.getSignedBy()];
      if (!principal) {
        throw malformedPolicy(`expected the index of a principal, got ${policy.getSignedBy()}`);
      }
      return signedBy(principal);
    }
    const nOutOf = policy?.getNOutOf();
    if (!nOutOf) {
      throw malformedPolicy('expected a rule, got none');
    }
    const rules = nOutOf.getRulesList().map((rule) => this.compile(rule, depth + 1));
    return outOf(nOutOf.getN(), rules);
  }
}

function distinct(members: readonly PolicyMember[]): readonly PolicyMember[] {
  return [...new Map(members.map((member) => [member.fingerprint, member])).values()];
}

/**
 * Compiles a signature policy, such as `OutOf(2, A.peer, B.peer, C.peer)`.
 *
 * @throws {@link IdentityError} POLICY_MALFORMED, also for principals that are not roles.
 */
export function signaturePolicyEvaluator(envelope: common.SignaturePolicyEnvelope): Policy {
  const principals = envelope.getIdentitiesList().map(compilePrincipal);
  const rule = new RuleCompiler(principals).compile(envelope.getRule());
  return (members) => rule(distinct(members), new Set());
}

/** Combines the policies of the groups below; without any, ANY and MAJORITY are satisfied, as in Fabric. */
export function implicitMetaEvaluator(
  rule: keyof common.ImplicitMetaPolicy.RuleMap,
  subPolicies: readonly Policy[],
): Policy {
  const count = subPolicies.length;
  const thresholds = { ANY: Math.min(1, count), ALL: count, MAJORITY: Math.floor(count / 2) + 1 };
  const needed = count === 0 ? 0 : thresholds[rule];
  return (members) => subPolicies.filter((policy) => policy(members)).length >= needed;
}
