/**
 * What a simulation touched, read from its read-write set (Fabric, core/endorser: buildChaincodeInterest): the policy of every
 * chaincode counts, unless only keys were written that have policies of their own.
 */
import { common, peer } from '@hyperledger/fabric-protos';

import type { ChaincodeCall, Interest } from '../discovery/interest.ts';
import { decodeReadWriteSet, type NamespaceSet } from '../ledger/read-write-set.ts';
import type { StateView } from '../ledger/state.ts';
import { VALIDATION_PARAMETER } from '../peer/block-policies.ts';
import { SYSTEM_CHAINCODES } from '../peer/neighbour.ts';
import { decode } from '../wire/messages.ts';

function namespacesOf(responsePayload: Uint8Array): readonly NamespaceSet[] {
  const payload = decode(peer.ProposalResponsePayload, responsePayload, 'ProposalResponsePayload');
  const action = decode(peer.ChaincodeAction, payload.getExtension_asU8(), 'ChaincodeAction');
  const sets = decodeReadWriteSet(action.getResults_asU8());
  return sets.filter(({ namespace }) => !SYSTEM_CHAINCODES.has(namespace));
}

async function keyPolicy(
  view: StateView,
  namespace: string,
  key: string,
): Promise<common.SignaturePolicyEnvelope | undefined> {
  const entry = await view.get(namespace, key);
  const bytes = entry?.metadata.get(VALIDATION_PARAMETER);
  return bytes && bytes.length > 0
    ? decode(common.SignaturePolicyEnvelope, bytes, 'SignaturePolicyEnvelope')
    : undefined;
}

async function callOfSet(set: NamespaceSet, view: StateView): Promise<ChaincodeCall> {
  const { namespace, writes, metadataWrites } = set;
  const keys = [...new Set([...writes, ...metadataWrites].map(({ key }) => key))];
  const policies = await Promise.all(keys.map((key) => keyPolicy(view, namespace, key)));
  const keyPolicies = policies.filter((policy) => policy !== undefined);
  return {
    name: namespace,
    keyPolicies,
    keyPoliciesOnly: keys.length > 0 && keyPolicies.length === keys.length,
    collections: [],
  };
}

/**
 * @param responsePayload - serialised peer.ProposalResponsePayload.
 * @param view - the state that the keys' policies are read from; the caller releases it.
 * @returns an empty interest when no chaincode's state was touched.
 * @throws EmbeddedError MESSAGE_MALFORMED
 */
export async function interestOf(responsePayload: Uint8Array, view: StateView): Promise<Interest> {
  return Promise.all(namespacesOf(responsePayload).map((set) => callOfSet(set, view)));
}
