/** Gateway.CommitStatus: the verdict on a transaction, as soon as the gateway's peer has one (Fabric, gateway/commitstatus). */
import { gateway } from '@hyperledger/fabric-protos';

import type { ChannelAccess } from '../access.ts';
import { decode } from '../wire/messages.ts';
import type { CommitNotices } from './commit-notices.ts';
import { invalidArgument } from './rpc-error.ts';
import { assertReader, parse } from './signed-reads.ts';

export interface CommitStatusOptions {
  readonly access: ChannelAccess;
  readonly channel: string;
  readonly notices: CommitNotices;
}

function readRequest(signed: gateway.SignedCommitStatusRequest): gateway.CommitStatusRequest {
  const bytes = signed.getRequest_asU8();
  if (bytes.length === 0) {
    throw invalidArgument('a commit status request is required');
  }
  const request = parse('status', () =>
    decode(gateway.CommitStatusRequest, bytes, 'CommitStatusRequest'),
  );
  if (request.getIdentity_asU8().length === 0) {
    throw invalidArgument('no identity provided');
  }
  if (request.getChannelId() === '') {
    throw invalidArgument('no channel ID provided');
  }
  if (request.getTransactionId() === '') {
    throw invalidArgument('transaction ID should not be empty');
  }
  return request;
}

/**
 * @param message - serialised gateway.SignedCommitStatusRequest.
 * @param signal - ends the waiting.
 * @returns serialised gateway.CommitStatusResponse.
 * @throws RpcError
 */
export async function commitStatus(
  message: Uint8Array,
  signal: AbortSignal,
  options: CommitStatusOptions,
): Promise<Uint8Array> {
  const signed = decode(gateway.SignedCommitStatusRequest, message, 'SignedCommitStatusRequest');
  const request = readRequest(signed);
  assertReader(request, signed, options);
  const { code, blockNumber } = await options.notices.status(request.getTransactionId(), signal);
  const answer = new gateway.CommitStatusResponse();
  answer.setResult(code);
  answer.setBlockNumber(blockNumber);
  return answer.serializeBinary();
}
