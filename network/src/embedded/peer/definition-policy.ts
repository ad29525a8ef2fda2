/** Turns the policy of a chaincode definition into one that can be asked. */
import { common } from '@hyperledger/fabric-protos';

import type { ChannelPolicies } from '../channel-policies.ts';
import { endorsementPolicyOf, type EndorserPolicy } from '../endorsement-policy.ts';
import { signaturePolicyEvaluator } from '../policies.ts';
import { decode } from '../wire/messages.ts';
import type { ChaincodeDefinition } from './definitions.ts';

/** Which policy a namespace is validated against, where its definition's policy decides. */
export type PolicyOf = (definition: ChaincodeDefinition) => EndorserPolicy;

/**
 * Fabric's own meaning: the definition holds a signature policy, or the path of a policy in the channel's configuration.
 */
export function definedPolicies(policies: ChannelPolicies): PolicyOf {
  return ({ name, validationParameter }) => {
    const policy = decode(common.ApplicationPolicy, validationParameter, 'ApplicationPolicy');
    const signaturePolicy = policy.getSignaturePolicy();
    if (signaturePolicy) {
      const evaluator = signaturePolicyEvaluator(signaturePolicy);
      return endorsementPolicyOf(`the signature policy of ${name}`, evaluator);
    }
    const path = policy.getChannelConfigPolicyReference();
    return endorsementPolicyOf(path, policies.get(path));
  };
}
