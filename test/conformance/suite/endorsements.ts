/** What endorsers sign, taken apart and changed: for checks of read-write sets, and for transactions that no honest client sends. */
import { ledger, peer } from '@hyperledger/fabric-protos';

import type { EnvelopeChanges } from '../../network/embedded/raw-client.ts';
import type { Endorsed } from '../target/target.ts';

const { kvrwset, TxReadWriteSet } = ledger.rwset;

export type NamespaceContent = ledger.rwset.kvrwset.KVRWSet.AsObject;

function actionOf(payload: peer.ProposalResponsePayload): peer.ChaincodeAction {
  return peer.ChaincodeAction.deserializeBinary(payload.getExtension_asU8());
}

function payloadOf({ responses }: Endorsed): peer.ProposalResponsePayload {
  return peer.ProposalResponsePayload.deserializeBinary(responses[0]!.getPayload_asU8());
}

/** @returns the read-write set of the first endorser by namespace, in its order. */
export function resultsOf(endorsed: Endorsed): ReadonlyMap<string, NamespaceContent> {
  const results = TxReadWriteSet.deserializeBinary(actionOf(payloadOf(endorsed)).getResults_asU8());
  return new Map(
    results.getNsRwsetList().map((set) => {
      const content = kvrwset.KVRWSet.deserializeBinary(set.getRwset_asU8()).toObject();
      return [set.getNamespace(), content];
    }),
  );
}

/** Endorsers have not signed what comes out. */
export function withAction(
  change: (action: peer.ChaincodeAction) => void,
): (endorsed: Endorsed) => EnvelopeChanges {
  return (endorsed) => {
    const payload = payloadOf(endorsed);
    const action = actionOf(payload);
    change(action);
    payload.setExtension$(action.serializeBinary());
    return { responsePayload: payload.serializeBinary() };
  };
}

/** The same for the read-write set. */
export function withResults(
  change: (results: ledger.rwset.TxReadWriteSet) => void,
): (endorsed: Endorsed) => EnvelopeChanges {
  return withAction((action) => {
    const results = TxReadWriteSet.deserializeBinary(action.getResults_asU8());
    change(results);
    action.setResults(results.serializeBinary());
  });
}

/** Endorsements of which the first ones have other signatures. */
export function withSignatures(
  count: number,
  change: (signature: Uint8Array) => Uint8Array,
): (endorsed: Endorsed) => EnvelopeChanges {
  return ({ responses }) => ({
    endorsements: responses.map((response, index) => {
      const endorsement = response.getEndorsement()!.clone();
      if (index < count) {
        endorsement.setSignature(change(endorsement.getSignature_asU8()));
      }
      return endorsement;
    }),
  });
}

/** The last bit turned round. */
export function flip(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy.set([copy.at(-1)! ^ 1], copy.length - 1);
  return copy;
}
