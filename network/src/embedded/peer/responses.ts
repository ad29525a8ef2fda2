/** Answers to proposals: with an endorsement when the simulation succeeded, without one otherwise. */
import { peer } from '@hyperledger/fabric-protos';

import type { Signer } from '../signer.ts';

/** From here on a status is an error, and nobody endorses it. */
export const ERROR_THRESHOLD = 400;
const OK = 200;
const FAILED = 500;
const RESPONSE_VERSION = 1;

/** What a simulation came to. */
export interface Simulation {
  readonly chaincode: string;
  readonly version: string;
  readonly response: peer.Response;
  /** Serialised rwset.TxReadWriteSet; empty for system chaincodes that keep no state. */
  readonly results: Uint8Array;
  /** Serialised peer.ChaincodeEvent, or empty. */
  readonly event: Uint8Array;
}

export function success(payload: Uint8Array): peer.Response {
  const response = new peer.Response();
  response.setStatus(OK);
  response.setPayload(payload);
  return response;
}

export function failure(message: string): peer.Response {
  const response = new peer.Response();
  response.setStatus(FAILED);
  response.setMessage(message);
  return response;
}

/** @returns serialised ProposalResponse without endorsement. */
export function unendorsed(response: peer.Response): Uint8Array {
  const answer = new peer.ProposalResponse();
  answer.setResponse(response);
  return answer.serializeBinary();
}

/** @returns serialised peer.ProposalResponsePayload: what endorsers sign. */
export function responsePayload(proposalHash: Uint8Array, simulation: Simulation): Uint8Array {
  const identifier = new peer.ChaincodeID();
  identifier.setName(simulation.chaincode);
  identifier.setVersion(simulation.version);
  const action = new peer.ChaincodeAction();
  action.setResults(simulation.results);
  action.setEvents(simulation.event);
  action.setResponse(simulation.response);
  action.setChaincodeId(identifier);
  const payload = new peer.ProposalResponsePayload();
  payload.setProposalHash(proposalHash);
  payload.setExtension$(action.serializeBinary());
  return payload.serializeBinary();
}

/** Signs payload || endorser. */
export function endorse(payload: Uint8Array, signer: Signer): peer.Endorsement {
  const endorsement = new peer.Endorsement();
  endorsement.setEndorser(signer.identity);
  endorsement.setSignature(signer.sign(Buffer.concat([payload, signer.identity])));
  return endorsement;
}

/** @returns serialised ProposalResponse. */
export function endorsed(
  proposalHash: Uint8Array,
  simulation: Simulation,
  signer: Signer,
): Uint8Array {
  const payload = responsePayload(proposalHash, simulation);
  const answer = new peer.ProposalResponse();
  answer.setVersion(RESPONSE_VERSION);
  answer.setResponse(simulation.response);
  answer.setPayload(payload);
  answer.setEndorsement(endorse(payload, signer));
  return answer.serializeBinary();
}

/** @returns serialised ProposalResponse for a chaincode's own error: what it came to, so that it is told from an error of the peer. */
function refused(proposalHash: Uint8Array, simulation: Simulation): Uint8Array {
  const answer = new peer.ProposalResponse();
  answer.setResponse(simulation.response);
  answer.setPayload(responsePayload(proposalHash, simulation));
  return answer.serializeBinary();
}

/** @returns serialised ProposalResponse; endorsed when the simulation succeeded on a channel. */
export function answerTo(
  proposal: { readonly hash: Uint8Array; readonly channelId: string },
  simulation: Simulation,
  signer: Signer,
): Uint8Array {
  const status = simulation.response.getStatus();
  if (status >= FAILED) {
    return refused(proposal.hash, simulation);
  }
  return proposal.channelId === '' || status >= ERROR_THRESHOLD
    ? unendorsed(simulation.response)
    : endorsed(proposal.hash, simulation, signer);
}
