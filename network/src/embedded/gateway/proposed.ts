/** A signed proposal as far as the gateway has to know it: for whom it is, and the parts that a transaction is made of. */
import { common, peer } from '@hyperledger/fabric-protos';

import { decode } from '../wire/messages.ts';

export interface Proposed {
  /** Serialised peer.SignedProposal. */
  readonly signed: Uint8Array;
  readonly channel: string;
  readonly chaincode: string;
  /** Serialised common.Header and common.SignatureHeader, as the client made them. */
  readonly header: Uint8Array;
  readonly signatureHeader: Uint8Array;
  /** Serialised peer.ChaincodeInvocationSpec. */
  readonly input: Uint8Array;
  readonly hasTransientData: boolean;
}

/**
 * @throws EmbeddedError MESSAGE_MALFORMED
 */
export function readProposed(signed: peer.SignedProposal): Proposed {
  const proposal = decode(peer.Proposal, signed.getProposalBytes_asU8(), 'Proposal');
  const headerBytes = proposal.getHeader_asU8();
  const header = decode(common.Header, headerBytes, 'Header');
  const channelHeader = decode(
    common.ChannelHeader,
    header.getChannelHeader_asU8(),
    'ChannelHeader',
  );
  const payload = decode(
    peer.ChaincodeProposalPayload,
    proposal.getPayload_asU8(),
    'ChaincodeProposalPayload',
  );
  const input = payload.getInput_asU8();
  const invocation = decode(peer.ChaincodeInvocationSpec, input, 'ChaincodeInvocationSpec');
  return {
    signed: signed.serializeBinary(),
    channel: channelHeader.getChannelId(),
    chaincode: invocation.getChaincodeSpec()?.getChaincodeId()?.getName() ?? '',
    header: headerBytes,
    signatureHeader: header.getSignatureHeader_asU8(),
    input,
    hasTransientData: payload.getTransientmapMap().getLength() > 0,
  };
}
