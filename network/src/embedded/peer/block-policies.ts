/**
 * The endorsement policies that one block is validated against, as they were after the block before it. A key with a policy of its
 * own (metadata VALIDATION_PARAMETER) is held to that policy in place of its chaincode's; the chaincode's counts for the other keys,
 * and when no key is written at all (Fabric, core/common/validation/statebased). The keys of an organisation's approvals are held to
 * its own Endorsement policy, as its implicit collection is. Where stake decides, its rule is asked for every transaction, and the
 * policies of keys besides; the stake table is read once a block. A policy or definition that does not parse is met by nobody, where a
 * real peer would stop: what lies in the data must never do that.
 */
import { common } from '@hyperledger/fabric-protos';

import { STAKE_TABLE_KEY } from '@lamplighter/chaincode/stake';

import {
  endorsementPolicyOf,
  type EndorsedWrites,
  type EndorsementPolicy,
  type EndorsementVerdict,
  type Endorser,
} from '../endorsement-policy.ts';
import { EmbeddedError } from '../errors.ts';
import { IdentityError } from '../../membership/identity-errors.ts';
import type { NamespaceSet } from '../ledger/read-write-set.ts';
import type { StateView } from '../ledger/state.ts';
import { decodePolicy, signaturePolicyEvaluator } from '../policies.ts';
import { stakePolicy } from '../stake-policy.ts';
import { approverOf } from './approvals.ts';
import type { PolicyOf } from './definition-policy.ts';
import {
  definedBy,
  LIFECYCLE,
  policyReference,
  readDefinition,
  readerOf,
  STAKE_PLUGIN,
  VALIDATION_PLUGIN,
  type ChaincodeDefinition,
} from './definitions.ts';

/** Metadata entry that holds a key's own policy, serialised common.SignaturePolicyEnvelope. */
export const VALIDATION_PARAMETER = 'VALIDATION_PARAMETER';

const LIFECYCLE_DEFINITION: ChaincodeDefinition = {
  name: LIFECYCLE,
  version: 'syscc',
  sequence: 0,
  validationPlugin: VALIDATION_PLUGIN,
  validationParameter: policyReference('/Channel/Application/LifecycleEndorsement'),
};
const MET: EndorsementVerdict = { valid: true };

export interface BlockPoliciesOptions {
  readonly policyOf: PolicyOf;
  /** All organisations of the channel. */
  readonly mspIds: readonly string[];
}

export class BlockPolicies {
  readonly #view: StateView;
  readonly #options: BlockPoliciesOptions;
  /** By namespace; undefined for one without a chaincode. */
  readonly #chaincodes = new Map<string, EndorsementPolicy | undefined>();
  /** Keys whose metadata was changed by an earlier transaction of the block. */
  readonly #changed = new Set<string>();

  /** @param view - the state before the block; the caller releases it. */
  constructor(view: StateView, options: BlockPoliciesOptions) {
    this.#view = view;
    this.#options = options;
  }

  /** @returns the chaincode's own policy, or undefined when none of that name is defined. */
  async chaincodePolicy(namespace: string): Promise<EndorsementPolicy | undefined> {
    if (!this.#chaincodes.has(namespace)) {
      this.#chaincodes.set(namespace, await this.#readPolicy(namespace));
    }
    return this.#chaincodes.get(namespace);
  }

  /**
   * Judges what the next transaction of the block writes in one namespace.
   *
   * @param set - undefined when it writes nothing there.
   */
  async judge(
    chaincodePolicy: EndorsementPolicy,
    set: NamespaceSet | undefined,
    endorsers: readonly Endorser[],
    writes: () => EndorsedWrites,
  ): Promise<EndorsementVerdict> {
    for (const policy of await this.#policiesFor(chaincodePolicy, set)) {
      const verdict = policy.evaluate(endorsers, writes);
      if (!verdict.valid) {
        return verdict;
      }
    }
    for (const { key } of set?.metadataWrites ?? []) {
      this.#changed.add(nameOf(set?.namespace ?? '', key));
    }
    return MET;
  }

  async #readPolicy(namespace: string): Promise<EndorsementPolicy | undefined> {
    try {
      const definition =
        namespace === LIFECYCLE
          ? LIFECYCLE_DEFINITION
          : await readDefinition(readerOf(this.#view), namespace);
      return definition && (await this.#policyFor(definition));
    } catch (error) {
      if (!(error instanceof IdentityError || isMalformed(error))) {
        throw error;
      }
      return unmet(`the definition of ${namespace} cannot be read: ${error.message}`);
    }
  }

  async #policyFor(definition: ChaincodeDefinition): Promise<EndorsementPolicy> {
    const { name, validationPlugin } = definition;
    if (validationPlugin === STAKE_PLUGIN) {
      const table = (await this.#view.get(name, STAKE_TABLE_KEY))?.value ?? null;
      return stakePolicy({ table, mspIds: this.#options.mspIds });
    }
    return validationPlugin === VALIDATION_PLUGIN
      ? this.#options.policyOf(definition)
      : unmet(`${name} is validated by ${validationPlugin}, which this network does not have`);
  }

  /** All of these have to be met. */
  async #policiesFor(
    chaincodePolicy: EndorsementPolicy,
    set: NamespaceSet | undefined,
  ): Promise<Iterable<EndorsementPolicy>> {
    const policies = new Set(chaincodePolicy.alwaysAsked === true ? [chaincodePolicy] : []);
    for (const key of set ? keysOf(set) : []) {
      for (const policy of await this.#policiesOfKey(set?.namespace ?? '', key, chaincodePolicy)) {
        policies.add(policy);
      }
    }
    return policies.size > 0 ? policies : [chaincodePolicy];
  }

  async #policiesOfKey(
    namespace: string,
    key: string,
    chaincodePolicy: EndorsementPolicy,
  ): Promise<readonly EndorsementPolicy[]> {
    const own = (await this.#keyPolicy(namespace, key)) ?? chaincodePolicy;
    const defined = namespace === LIFECYCLE ? definedBy(key) : undefined;
    const current = defined === undefined ? undefined : await this.chaincodePolicy(defined);
    return current?.replacement ? [own, current.replacement] : [own];
  }

  #approverPolicy(mspId: string): EndorsementPolicy {
    const validationParameter = policyReference(`/Channel/Application/${mspId}/Endorsement`);
    return this.#options.policyOf({ ...LIFECYCLE_DEFINITION, validationParameter });
  }

  /** @returns undefined for a key without a policy of its own. */
  async #keyPolicy(namespace: string, key: string): Promise<EndorsementPolicy | undefined> {
    const approver = namespace === LIFECYCLE ? approverOf(key) : undefined;
    if (approver !== undefined) {
      return this.#approverPolicy(approver);
    }
    if (this.#changed.has(nameOf(namespace, key))) {
      return unmet(`the policy of key ${JSON.stringify(key)} was changed earlier in this block`);
    }
    const entry = await this.#view.get(namespace, key);
    const parameter = entry?.metadata.get(VALIDATION_PARAMETER);
    return parameter && parameter.length > 0 ? readKeyPolicy(key, parameter) : undefined;
  }
}

/** Metadata writes included. */
export function keysOf({ writes, metadataWrites }: NamespaceSet): readonly string[] {
  return [...writes, ...metadataWrites].map(({ key }) => key);
}

function readKeyPolicy(key: string, parameter: Uint8Array): EndorsementPolicy {
  const name = `the policy of key ${JSON.stringify(key)}`;
  try {
    const envelope = decodePolicy('SignaturePolicyEnvelope', parameter, (bytes) =>
      common.SignaturePolicyEnvelope.deserializeBinary(bytes),
    );
    return endorsementPolicyOf(name, signaturePolicyEvaluator(envelope));
  } catch (error) {
    if (!(error instanceof IdentityError)) {
      throw error;
    }
    return unmet(`${name} cannot be read: ${error.message}`);
  }
}

function isMalformed(error: unknown): error is EmbeddedError {
  return error instanceof EmbeddedError && error.code === 'MESSAGE_MALFORMED';
}

function unmet(reason: string): EndorsementPolicy {
  return { evaluate: () => ({ valid: false, reason }) };
}

/** A namespace never holds a NUL, so two names cannot meet. */
function nameOf(namespace: string, key: string): string {
  return `${namespace}\0${key}`;
}
