/** What the peer answers itself, in place of a chaincode: qscc, cscc and the questions of _lifecycle. */
import type { peer } from '@hyperledger/fabric-protos';

import type { ChannelAccess } from '../access.ts';
import { EmbeddedError, messageOf } from '../errors.ts';
import type { Simulator } from '../ledger/simulator.ts';
import type { Identity } from '../msp.ts';
import { failure } from './responses.ts';

export interface SystemRequest {
  /** First the function, then its arguments. */
  readonly args: readonly Uint8Array[];
  readonly channelId: string;
  readonly caller: Identity;
  /** Only for chaincodes that read the state. */
  readonly simulator: Simulator | undefined;
  /** The chaincode that the proposal names, when it or one that it called, asks; undefined for a client. */
  readonly origin?: string;
}

export type SystemFunction = (request: SystemRequest) => peer.Response | Promise<peer.Response>;

export interface SystemChaincode {
  readonly name: string;
  /** Whether its reads belong into a read-write set. */
  readonly readsState: boolean;
  invoke(request: SystemRequest): Promise<peer.Response>;
}

/** What answers to functions that only a real network has. */
export type Unserved = Readonly<Record<string, string>>;

/** @returns why a request is refused before its function is looked for, undefined when it is not. */
export type RequestGuard = (request: SystemRequest) => string | undefined;

export function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? new Uint8Array()).toString('utf8');
}

/** @throws {@link EmbeddedError} MESSAGE_MALFORMED */
export function argument(request: SystemRequest, index: number): Uint8Array {
  const value = request.args[index];
  if (!value || value.length === 0) {
    throw new EmbeddedError(
      'MESSAGE_MALFORMED',
      `expected at least ${index} arguments for ${text(request.args[0])}, got ${request.args.length - 1}`,
    );
  }
  return value;
}

/** In Fabric's words. @throws {@link EmbeddedError} ACCESS_DENIED */
export function assertReader(
  access: ChannelAccess,
  { args, channelId, caller }: SystemRequest,
): void {
  try {
    access.assertReader(caller);
  } catch (cause) {
    const reason = `access denied for [${text(args[0])}][${channelId}]: [${messageOf(cause)}]`;
    throw new EmbeddedError('ACCESS_DENIED', reason, { cause });
  }
}

/** Makes a system chaincode of functions by name; errors become a response of status 500. */
export function newSystemChaincode(
  name: string,
  readsState: boolean,
  functions: Readonly<Record<string, SystemFunction>>,
  unserved: Unserved = {},
  guard: RequestGuard = () => undefined,
): SystemChaincode {
  const table = new Map(Object.entries(functions));
  const reasons = new Map(Object.entries(unserved));
  return {
    name,
    readsState,
    invoke: async (request) => {
      const refusal = guard(request);
      if (refusal !== undefined) {
        return failure(refusal);
      }
      const called = text(request.args[0]);
      const run = table.get(called);
      if (!run) {
        return failure(missing(called, reasons.get(called)));
      }
      try {
        return await run(request);
      } catch (error) {
        if (!(error instanceof EmbeddedError)) {
          throw error;
        }
        return failure(error.message);
      }
    },
  };
}

function missing(called: string, reason: string | undefined): string {
  return reason === undefined
    ? `Requested function ${called.slice(0, 80)} not found.`
    : `${called} is not served by the embedded network: ${reason}`;
}
