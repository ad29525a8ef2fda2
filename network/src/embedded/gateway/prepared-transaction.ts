/** The envelope that a client signs after endorsement: made of bytes that exist already, without the transient data. */
import type { peer } from '@hyperledger/fabric-protos';

import { lengthDelimited } from '../wire/fields.ts';
import type { Proposed } from './proposed.ts';

/**
 * @param responsePayload - serialised peer.ProposalResponsePayload that all endorsers signed.
 * @returns serialised common.Envelope without a signature.
 */
export function prepareTransaction(
  { header, signatureHeader, input }: Proposed,
  responsePayload: Uint8Array,
  endorsements: readonly peer.Endorsement[],
): Uint8Array {
  const endorsedAction = [
    lengthDelimited(1, responsePayload),
    ...endorsements.map((endorsement) => lengthDelimited(2, endorsement.serializeBinary())),
  ];
  const actionPayload = [
    lengthDelimited(1, lengthDelimited(1, input)),
    lengthDelimited(2, ...endorsedAction),
  ];
  const action = [lengthDelimited(1, signatureHeader), lengthDelimited(2, ...actionPayload)];
  const transaction = lengthDelimited(1, ...action);
  const payload = [lengthDelimited(1, header), lengthDelimited(2, transaction)];
  return lengthDelimited(1, ...payload);
}
