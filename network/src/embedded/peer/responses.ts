/** Answers to proposals: with an endorsement when the simulation succeeded, without one otherwise. */
import { peer } from '@hyperledger/fabric-protos';

import type { Signer } from '../../membership/signer.ts';
import { lengthDelimited, varintField } from '../wire/fields.ts';

/** From here on a status is an error, and nobody endorses it. */
export const ERROR_THRESHOLD = 400;
const OK = 200;
const FAILED = 500;
const RESPONSE_VERSION = 1;
const NOTHING = new Uint8Array();

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

/** As protobuf has it: a field with its default value is left out. */
function present(field: number, content: Uint8Array): Uint8Array {
  return content.length > 0 ? lengthDelimited(field, content) : NOTHING;
}

/**
 * @param response - serialised peer.Response of the simulation.
 * @returns serialised peer.ProposalResponsePayload: what endorsers sign.
 */
export function responsePayload(
  proposalHash: Uint8Array,
  simulation: Simulation,
  response: Uint8Array = simulation.response.serializeBinary(),
): Uint8Array {
  const { chaincode, version, results, event } = simulation;
  const identifier = [present(2, Buffer.from(chaincode)), present(3, Buffer.from(version))];
  const action = lengthDelimited(
    2,
    present(1, results),
    present(2, event),
    lengthDelimited(3, response),
    lengthDelimited(4, ...identifier),
  );
  return Buffer.concat([lengthDelimited(1, proposalHash), action]);
}

/** Signs payload || endorser. @returns serialised peer.ProposalResponse. */
function endorsed(proposalHash: Uint8Array, simulation: Simulation, signer: Signer): Uint8Array {
  const response = simulation.response.serializeBinary();
  const payload = responsePayload(proposalHash, simulation, response);
  const signature = signer.sign(Buffer.concat([payload, signer.identity]));
  return Buffer.concat([
    varintField(1, RESPONSE_VERSION),
    lengthDelimited(4, response),
    lengthDelimited(5, payload),
    lengthDelimited(6, lengthDelimited(1, signer.identity), lengthDelimited(2, signature)),
  ]);
}

/** @returns serialised ProposalResponse for a chaincode's own error: what it came to, so that it is told from an error of the peer. */
function refused(proposalHash: Uint8Array, simulation: Simulation): Uint8Array {
  const response = simulation.response.serializeBinary();
  const payload = responsePayload(proposalHash, simulation, response);
  return Buffer.concat([lengthDelimited(4, response), lengthDelimited(5, payload)]);
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
