/** What a transaction touches, so that the right peers endorse it: chaincodes, and policies of single keys. */
import { common, peer } from '@hyperledger/fabric-protos';

export interface ChaincodeCall {
  readonly name: string;
  /** Policies of keys that are written and have one of their own. */
  readonly keyPolicies: readonly common.SignaturePolicyEnvelope[];
  /** Whether only the keys' policies count. */
  readonly keyPoliciesOnly: boolean;
  /** Private collections, of which this network has none. */
  readonly collections: readonly string[];
}

/** In order of the calls; the first one is the transaction's own chaincode. */
export type Interest = readonly ChaincodeCall[];

export function callOf(name: string): ChaincodeCall {
  return { name, keyPolicies: [], keyPoliciesOnly: false, collections: [] };
}

export function readInterest(message: peer.ChaincodeInterest): Interest {
  return message.getChaincodesList().map((call) => ({
    name: call.getName(),
    keyPolicies: call.getKeyPoliciesList(),
    keyPoliciesOnly: call.getDisregardNamespacePolicy(),
    collections: call.getCollectionNamesList(),
  }));
}
