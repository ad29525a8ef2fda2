/** Gateway.Submit: hands the signed transaction to the orderer (Fabric, gateway/submit). Its commit is asked for by CommitStatus. */
import { status } from '@grpc/grpc-js';
import { common, gateway } from '@hyperledger/fabric-protos';

import { decode } from '../wire/messages.ts';
import { invalidArgument, RpcError } from './rpc-error.ts';

type StatusCode = common.StatusMap[keyof common.StatusMap];

/** The orderer as a gateway reaches it. */
export interface OrdererEndpoint {
  /** `host:port` */
  readonly address: string;
  readonly mspId: string;
  /** AtomicBroadcast.Broadcast of one serialised common.Envelope. */
  readonly broadcast: (envelope: Uint8Array) => {
    readonly status: StatusCode;
    readonly info: string;
  };
}

const { SUCCESS, INTERNAL_SERVER_ERROR } = common.Status;

function nameOf(code: StatusCode): string {
  const found = Object.entries(common.Status).find(([, value]) => value === code);
  return found?.[0] ?? String(code);
}

/**
 * @param message - serialised gateway.SubmitRequest.
 * @returns serialised gateway.SubmitResponse: nothing.
 * @throws {@link RpcError}
 */
export function submit(message: Uint8Array, channel: string, orderer: OrdererEndpoint): Uint8Array {
  const request = decode(gateway.SubmitRequest, message, 'SubmitRequest');
  const envelope = request.getPreparedTransaction();
  if (!envelope) {
    throw invalidArgument('a prepared transaction is required');
  }
  if (envelope.getSignature_asU8().length === 0) {
    throw invalidArgument('prepared transaction must be signed');
  }
  if (request.getChannelId() !== channel) {
    throw new RpcError(
      status.FAILED_PRECONDITION,
      `failed to get config for channel [${request.getChannelId()}]: could not get last config for channel ${request.getChannelId()}`,
    );
  }
  const answer = orderer.broadcast(envelope.serializeBinary());
  if (answer.status === SUCCESS) {
    return new Uint8Array();
  }
  const reason = `received unsuccessful response from orderer: status=${nameOf(answer.status)}, info=${answer.info}`;
  if (answer.status < INTERNAL_SERVER_ERROR) {
    // The client's own fault: no orderer would take it.
    throw new RpcError(status.ABORTED, reason);
  }
  const { address, mspId } = orderer;
  throw new RpcError(status.UNAVAILABLE, 'no orderers could successfully process transaction', [
    { address, mspId, message: reason },
  ]);
}
