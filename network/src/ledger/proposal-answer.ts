/** A peer's answer to a proposal, as far as the client looks at it. */
import { peer } from '@hyperledger/fabric-protos';

import { plainView } from '../embedded/wire/fields.ts';

export interface ProposalAnswer {
  /** The peer. */
  readonly connection: { readonly name: string };
  readonly response: {
    readonly status: number;
    readonly message: string;
    readonly payload: Uint8Array;
  };
  /** Serialised peer.ProposalResponsePayload: what was signed, together with the endorser. */
  readonly payload: Uint8Array;
  /** Missing in refusals. */
  readonly endorsement?: { readonly endorser: Uint8Array; readonly signature: Uint8Array };
}

/** @throws whatever the decoder throws at bytes that are no peer.ProposalResponse */
export function readProposalAnswer(name: string, bytes: Uint8Array): ProposalAnswer {
  const message = peer.ProposalResponse.deserializeBinary(plainView(bytes));
  const response = message.getResponse();
  const endorsement = message.getEndorsement();
  return {
    connection: { name },
    response: {
      status: response?.getStatus() ?? 0,
      message: response?.getMessage() ?? '',
      payload: response?.getPayload_asU8() ?? new Uint8Array(),
    },
    payload: message.getPayload_asU8(),
    ...(endorsement && {
      endorsement: {
        endorser: endorsement.getEndorser_asU8(),
        signature: endorsement.getSignature_asU8(),
      },
    }),
  };
}
