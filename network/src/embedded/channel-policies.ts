/** The policies of a channel, compiled from its configuration tree and found by path. */
import { common } from '@hyperledger/fabric-protos';

import {
  decodePolicy,
  implicitMetaEvaluator,
  malformedPolicy,
  MAX_DEPTH,
  signaturePolicyEvaluator,
  type Policy,
} from './policies.ts';

const REJECT: Policy = () => false;

/** The policies of one group of the configuration, by name, and of the groups below it. */
interface PolicyGroup {
  readonly policies: ReadonlyMap<string, Policy>;
  readonly groups: ReadonlyMap<string, PolicyGroup>;
}

const META_RULES = new Map<number, keyof common.ImplicitMetaPolicy.RuleMap>(
  (['ANY', 'ALL', 'MAJORITY'] as const).map((rule) => [common.ImplicitMetaPolicy.Rule[rule], rule]),
);

function compilePolicy(
  policy: common.Policy | undefined,
  groups: ReadonlyMap<string, PolicyGroup>,
): Policy {
  const bytes = policy?.getValue_asU8() ?? new Uint8Array();
  if (policy?.getType() === common.Policy.PolicyType.SIGNATURE) {
    return signaturePolicyEvaluator(
      decodePolicy('SignaturePolicyEnvelope', bytes, (value) =>
        common.SignaturePolicyEnvelope.deserializeBinary(value),
      ),
    );
  }
  if (policy?.getType() !== common.Policy.PolicyType.IMPLICIT_META) {
    throw malformedPolicy(
      `expected a signature or implicit meta policy, got type ${policy?.getType() ?? 'none'}`,
    );
  }
  const meta = decodePolicy('ImplicitMetaPolicy', bytes, (value) =>
    common.ImplicitMetaPolicy.deserializeBinary(value),
  );
  const rule = META_RULES.get(meta.getRule());
  if (rule === undefined) {
    throw malformedPolicy(`expected ANY, ALL or MAJORITY, got rule ${meta.getRule()}`);
  }
  const subPolicies = [...groups.values()].map(
    (group) => group.policies.get(meta.getSubPolicy()) ?? REJECT,
  );
  return implicitMetaEvaluator(rule, subPolicies);
}

function compileGroup(group: common.ConfigGroup, depth: number): PolicyGroup {
  if (depth > MAX_DEPTH) {
    throw malformedPolicy(`expected groups nested at most ${MAX_DEPTH} deep, got more`);
  }
  const groups = new Map(
    [...group.getGroupsMap().entries()].map(([name, child]): [string, PolicyGroup] => [
      name,
      compileGroup(child, depth + 1),
    ]),
  );
  const policies = new Map(
    [...group.getPoliciesMap().entries()].map(([name, policy]): [string, Policy] => [
      name,
      compilePolicy(policy.getPolicy(), groups),
    ]),
  );
  return { policies, groups };
}

/** All policies of a channel, by path, such as `/Channel/Application/Writers`. */
export class ChannelPolicies {
  readonly #root: PolicyGroup;

  /** @throws {@link IdentityError} POLICY_MALFORMED */
  constructor(channelGroup: common.ConfigGroup) {
    this.#root = compileGroup(channelGroup, 0);
  }

  /** @returns the policy; one that rejects everybody when there is none of that name, as in Fabric. */
  get(path: string): Policy {
    const [empty, channel, ...names] = path.split('/');
    const policyName = names.pop();
    if (empty !== '' || channel !== 'Channel' || policyName === undefined) {
      return REJECT;
    }
    let group: PolicyGroup | undefined = this.#root;
    for (const name of names) {
      group = group?.groups.get(name);
    }
    return group?.policies.get(policyName) ?? REJECT;
  }
}
