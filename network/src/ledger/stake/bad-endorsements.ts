/** Finds out, after a transaction fell short of the policy, whose endorsements in it do not verify. Pure. */
import { verify, X509Certificate } from 'node:crypto';

import { common, msp, peer } from '@hyperledger/fabric-protos';

import { plainView } from '../../embedded/wire/fields.ts';

/**
 * @param envelope - serialised common.Envelope of an endorser transaction
 * @returns MSP ids, none for bytes that are no such envelope
 */
export function badEndorsers(envelope: Uint8Array): readonly string[] {
  try {
    return endorsedActionsOf(envelope).flatMap(badEndorsersOf);
  } catch {
    return [];
  }
}

function endorsedActionsOf(envelope: Uint8Array): readonly peer.ChaincodeEndorsedAction[] {
  const payload = common.Envelope.deserializeBinary(plainView(envelope)).getPayload_asU8();
  const data = common.Payload.deserializeBinary(payload).getData_asU8();
  return peer.Transaction.deserializeBinary(data)
    .getActionsList()
    .flatMap((action) => {
      const content = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8());
      return content.getAction() ?? [];
    });
}

function badEndorsersOf(action: peer.ChaincodeEndorsedAction): readonly string[] {
  const payload = action.getProposalResponsePayload_asU8();
  return action.getEndorsementsList().flatMap((endorsement) => {
    const endorser = endorsement.getEndorser_asU8();
    const identity = msp.SerializedIdentity.deserializeBinary(endorser);
    const message = Buffer.concat([payload, endorser]);
    const signature = endorsement.getSignature_asU8();
    return isSigned(identity.getIdBytes_asU8(), message, signature) ? [] : [identity.getMspid()];
  });
}

function isSigned(certificate: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify('sha256', message, new X509Certificate(certificate).publicKey, signature);
  } catch {
    return false;
  }
}
