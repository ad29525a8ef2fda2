/** Asks one endorser, and says what its answer means for the call: go on, try another peer, or give up (Fabric, gateway/apiutils). */
import { status } from '@grpc/grpc-js';
import { peer } from '@hyperledger/fabric-protos';

import { EmbeddedError, messageOf } from '../errors.ts';
import type { Neighbour } from '../peer/neighbour.ts';
import { ERROR_THRESHOLD } from '../peer/responses.ts';
import { decode } from '../wire/messages.ts';
import type { ErrorDetail } from './rpc-error.ts';

const OK = 200;
const FAILED = 500;

export interface Refusal {
  readonly status: status;
  readonly message: string;
  /** Whether another peer might answer otherwise. */
  readonly retry: boolean;
}

export type Answer =
  | { readonly response: peer.ProposalResponse; readonly refusal?: undefined }
  | { readonly response?: undefined; readonly refusal: Refusal };

/** What is wrong with the proposal is wrong everywhere; a peer that is stopped or full is not the only one. */
function thrown(error: unknown): Refusal {
  const clients = ['MESSAGE_MALFORMED', 'DUPLICATE_TRANSACTION', 'ACCESS_DENIED'];
  const message = messageOf(error);
  return error instanceof EmbeddedError && clients.includes(error.code)
    ? { status: status.FAILED_PRECONDITION, message, retry: false }
    : { status: status.UNAVAILABLE, message, retry: true };
}

function refusalIn(answer: peer.ProposalResponse): Refusal | undefined {
  const code = answer.getResponse()?.getStatus() ?? FAILED;
  const message = answer.getResponse()?.getMessage() ?? '';
  if (code >= OK && code < ERROR_THRESHOLD) {
    return undefined;
  }
  // The chaincode's own errors come with a payload; without one the peer could not run it.
  return code === FAILED && answer.getPayload_asU8().length === 0
    ? { status: status.ABORTED, message, retry: true }
    : { status: status.UNKNOWN, message: `chaincode response ${code}, ${message}`, retry: false };
}

export async function ask(endorser: Neighbour, signedProposal: Uint8Array): Promise<Answer> {
  try {
    const bytes = await endorser.process(signedProposal);
    const response = decode(peer.ProposalResponse, bytes, 'ProposalResponse');
    const refusal = refusalIn(response);
    return refusal ? { refusal } : { response };
  } catch (error) {
    return { refusal: thrown(error) };
  }
}

export function detailOf({ address, mspId }: Neighbour, message: string): ErrorDetail {
  return { address, mspId, message };
}
