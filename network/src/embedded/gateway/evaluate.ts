/** Gateway.Evaluate: one peer runs the transaction, preferably one of the gateway's own organisation (Fabric, gateway/evaluate). */
import { status } from '@grpc/grpc-js';
import { gateway, peer } from '@hyperledger/fabric-protos';

import { messageOf } from '../errors.ts';
import type { Neighbour } from '../peer/neighbour.ts';
import { decode } from '../wire/messages.ts';
import { ask, detailOf } from './asking.ts';
import { readProposed, type Proposed } from './proposed.ts';
import { invalidArgument, RpcError, type ErrorDetail } from './rpc-error.ts';
import type { Targets } from './targets.ts';

function propose(request: gateway.EvaluateRequest): Proposed {
  const proposed = attempt(request);
  if (proposed.channel === '') {
    throw unpackable('no channel id provided');
  }
  if (proposed.chaincode === '') {
    throw unpackable(`no chaincode name is provided, channel id [${proposed.channel}]`);
  }
  return proposed;
}

function unpackable(reason: string): RpcError {
  return invalidArgument(`failed to unpack transaction proposal: ${reason}`);
}

function attempt(request: gateway.EvaluateRequest): Proposed {
  const signed = request.getProposedTransaction();
  if (!signed || signed.getProposalBytes_asU8().length === 0) {
    throw unpackable('a signed proposal is required');
  }
  try {
    return readProposed(signed);
  } catch (error) {
    throw unpackable(messageOf(error));
  }
}

async function targetsOf(
  targets: Targets,
  { channel, chaincode, hasTransientData }: Proposed,
  organisations: readonly string[],
): Promise<readonly Neighbour[]> {
  targets.assertChannel(channel);
  const isProtected = hasTransientData && organisations.length === 0;
  const allowed = isProtected ? [targets.own.mspId] : organisations;
  const found = await targets.forEvaluation(chaincode, allowed);
  if (found.length === 0) {
    const reason = `no peers available to evaluate chaincode ${chaincode} in channel ${channel}`;
    throw new RpcError(
      status.FAILED_PRECONDITION,
      isProtected
        ? `no endorsers found in the gateway's organization; retry specifying target organization(s) to protect transient data: ${reason}`
        : reason,
    );
  }
  return found;
}

/**
 * @param message - serialised gateway.EvaluateRequest.
 * @param signal - aborted when nobody waits for the answer any more.
 * @returns serialised gateway.EvaluateResponse.
 * @throws {@link RpcError}; the signal's reason
 */
export async function evaluate(
  message: Uint8Array,
  signal: AbortSignal,
  targets: Targets,
): Promise<Uint8Array> {
  const request = decode(gateway.EvaluateRequest, message, 'EvaluateRequest');
  const proposed = propose(request);
  const organisations = request.getTargetOrganizationsList();
  const details: ErrorDetail[] = [];
  let code = status.ABORTED;
  for (const endorser of await targetsOf(targets, proposed, organisations)) {
    signal.throwIfAborted();
    const { response, refusal } = await ask(endorser, proposed.signed);
    if (!refusal) {
      return responseOf(response);
    }
    details.push(detailOf(endorser, refusal.message));
    code = refusal.status;
    if (!refusal.retry) {
      const text = `evaluate call to endorser returned error: ${refusal.message}`;
      throw new RpcError(code, text, details);
    }
  }
  const text = 'failed to evaluate transaction, see attached details for more info';
  throw new RpcError(code, text, details);
}

function responseOf(response: peer.ProposalResponse): Uint8Array {
  const answer = new gateway.EvaluateResponse();
  answer.setResult(response.getResponse());
  return answer.serializeBinary();
}
