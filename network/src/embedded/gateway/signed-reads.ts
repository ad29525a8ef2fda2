/** Requests that read the channel and are signed by themselves: commit statuses and chaincode events. */
import { status } from '@grpc/grpc-js';

import type { ChannelAccess } from '../access.ts';
import { EmbeddedError, messageOf } from '../errors.ts';
import { IdentityError } from '../../membership/identity-errors.ts';
import { invalidArgument, RpcError } from './rpc-error.ts';

interface Request {
  getIdentity_asU8(): Uint8Array;
  getChannelId(): string;
}

interface Signed {
  getRequest_asU8(): Uint8Array;
  getSignature_asU8(): Uint8Array;
}

/** @throws {@link RpcError} INVALID_ARGUMENT for a request that does not parse. */
export function parse<Value>(what: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw invalidArgument(`invalid ${what} request: ${messageOf(error)}`);
  }
}

/**
 * Fabric's rule for both is /Channel/Application/Readers. A channel that does not exist has no readers.
 *
 * @throws {@link RpcError} PERMISSION_DENIED
 */
export function assertReader(
  request: Request,
  signed: Signed,
  { access, channel }: { readonly access: ChannelAccess; readonly channel: string },
): void {
  if (request.getChannelId() !== channel) {
    throw denied(`channel ${JSON.stringify(request.getChannelId())} not found`);
  }
  try {
    access.assertReader(
      access.authenticate({
        creator: request.getIdentity_asU8(),
        message: signed.getRequest_asU8(),
        signature: signed.getSignature_asU8(),
      }),
    );
  } catch (error) {
    const known = error instanceof IdentityError || error instanceof EmbeddedError;
    throw known ? denied(messageOf(error)) : error;
  }
}

function denied(reason: string): RpcError {
  return new RpcError(
    status.PERMISSION_DENIED,
    `Failed evaluating policy on signed data during check policy [/Channel/Application/Readers]: [${reason}]`,
  );
}
