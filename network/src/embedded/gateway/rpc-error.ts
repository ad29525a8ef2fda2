/**
 * What a call of the gateway service fails with: a gRPC status, and for each node that was asked in vain its address, organisation
 * and answer. They travel as google.rpc.Status in the trailer `grpc-status-details-bin`, where the client libraries look for them.
 */
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { gateway, google } from '@hyperledger/fabric-protos';
import { Any } from 'google-protobuf/google/protobuf/any_pb.js';

import { EmbeddedError, messageOf } from '../errors.ts';

const DETAILS_TRAILER = 'grpc-status-details-bin';
const DETAIL_TYPE = 'gateway.ErrorDetail';
/** Trailers are headers, and clients refuse long ones: what nodes say is cut, and no more of them are named than fit. */
const MAX_TEXT = 2_048;
const MAX_DETAIL_TEXT = 512;
const MAX_DETAILS = 8;

/** One node's part in a failure. */
export interface ErrorDetail {
  /** `host:port` */
  readonly address: string;
  readonly mspId: string;
  readonly message: string;
}

/** Thrown by the gateway service on purpose. */
export class RpcError extends EmbeddedError {
  readonly status: status;
  readonly details: readonly ErrorDetail[];

  constructor(code: status, message: string, details: readonly ErrorDetail[] = []) {
    super('CALL_FAILED', message);
    this.status = code;
    this.details = details;
  }
}

export function invalidArgument(message: string): RpcError {
  return new RpcError(status.INVALID_ARGUMENT, message);
}

function cut(text: string, length = MAX_TEXT): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function packed({ address, mspId, message }: ErrorDetail): Any {
  const detail = new gateway.ErrorDetail();
  detail.setAddress(address);
  detail.setMspId(mspId);
  detail.setMessage(cut(message, MAX_DETAIL_TEXT));
  const any = new Any();
  any.pack(detail.serializeBinary(), DETAIL_TYPE);
  return any;
}

function trailers(error: RpcError): Metadata {
  const metadata = new Metadata();
  if (error.details.length > 0) {
    const rich = new google.rpc.Status();
    rich.setCode(error.status);
    rich.setMessage(cut(error.message, MAX_DETAIL_TEXT));
    rich.setDetailsList(error.details.slice(0, MAX_DETAILS).map(packed));
    metadata.set(DETAILS_TRAILER, Buffer.from(rich.serializeBinary()));
  }
  return metadata;
}

/** @returns what gRPC sends for an error; one that nobody foresaw is INTERNAL. */
export function serviceErrorOf(error: unknown): Partial<ServiceError> {
  return error instanceof RpcError
    ? { code: error.status, details: cut(error.message), metadata: trailers(error) }
    : { code: statusOf(error), details: cut(messageOf(error)) };
}

function statusOf(error: unknown): status {
  return error instanceof EmbeddedError && error.code === 'CLOSED'
    ? status.UNAVAILABLE
    : status.INTERNAL;
}
