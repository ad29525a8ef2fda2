/** gateway.Gateway of one peer: bounds on calls at work, their ends, and errors as gRPC has them. */
import {
  status,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';

import type { ChannelAccess } from '../access.ts';
import { messageOf } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { LIMITS } from '../limits.ts';
import type { StateView } from '../ledger/state.ts';
import type { NetworkLogger } from '../../network-logger.ts';
import { writeMessage } from '../wire/outbound.ts';
import { GATEWAY, type Service } from '../wire/services.ts';
import { lifeOf, type CallLife } from '../wire/stream-life.ts';
import { chaincodeEvents } from './chaincode-events.ts';
import type { CommitNotices } from './commit-notices.ts';
import { commitStatus } from './commit-status.ts';
import { endorse } from './endorse.ts';
import { evaluate } from './evaluate.ts';
import { RpcError, serviceErrorOf } from './rpc-error.ts';
import { submit, type OrdererEndpoint } from './submit.ts';
import type { Targets } from './targets.ts';

export interface GatewayOptions {
  readonly channel: string;
  readonly access: ChannelAccess;
  readonly ledger: Ledger;
  readonly notices: CommitNotices;
  readonly targets: Targets;
  readonly orderer: OrdererEndpoint;
  /** Ends every call. */
  readonly closing: AbortSignal;
  readonly logger: NetworkLogger;
}

type UnaryCall = ServerUnaryCall<Uint8Array, Uint8Array>;
type EventStream = ServerWritableStream<Uint8Array, Uint8Array>;
type Method = (request: Uint8Array, signal: AbortSignal) => Uint8Array | Promise<Uint8Array>;

class Gateway {
  readonly #options: GatewayOptions;
  #running = 0;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /** @returns the handler of a unary method. */
  unary(method: Method): (call: UnaryCall, callback: sendUnaryData<Uint8Array>) => void {
    return (call, callback) => {
      void this.#answer(method, call, callback);
    };
  }

  async stream(call: EventStream): Promise<void> {
    const life = this.#begin(call);
    try {
      this.#assertReady();
      await chaincodeEvents(call.request, this.#options, life.signal, (response) =>
        writeMessage(call, response, life.signal),
      );
    } catch (error) {
      if (!life.signal.aborted) {
        this.#log(error);
        call.emit('error', serviceErrorOf(error));
      }
    } finally {
      this.#end(life);
    }
  }

  async #answer(
    method: Method,
    call: UnaryCall,
    callback: sendUnaryData<Uint8Array>,
  ): Promise<void> {
    const life = this.#begin(call);
    try {
      this.#assertReady();
      callback(null, await method(call.request, life.signal));
    } catch (error) {
      this.#log(error);
      callback(serviceErrorOf(error));
    } finally {
      this.#end(life);
    }
  }

  #begin(call: UnaryCall | EventStream): CallLife {
    this.#running++;
    return lifeOf(call, this.#options.closing);
  }

  #end({ release }: CallLife): void {
    this.#running--;
    release();
  }

  #assertReady(): void {
    if (!this.#options.targets.own.alive) {
      throw new RpcError(status.UNAVAILABLE, 'the peer has stopped; its log says why');
    }
    if (this.#running > LIMITS.gatewayCalls) {
      throw new RpcError(
        status.RESOURCE_EXHAUSTED,
        `too many requests for /gateway.Gateway, exceeding concurrency limit (${LIMITS.gatewayCalls})`,
      );
    }
  }

  #log(error: unknown): void {
    this.#options.logger.info({ reason: messageOf(error) }, 'gateway call failed');
  }
}

/** The gateway service of a peer's endpoint. */
export function gatewayService(options: GatewayOptions): Service {
  const { targets, ledger, channel, orderer } = options;
  const service = new Gateway(options);
  const view = (): StateView => ledger.view();
  return {
    definition: GATEWAY,
    implementation: {
      evaluate: service.unary((request, signal) => evaluate(request, signal, targets)),
      endorse: service.unary((request, signal) => endorse(request, { targets, view, signal })),
      submit: service.unary((request) => submit(request, channel, orderer)),
      commitStatus: service.unary((request, signal) => commitStatus(request, signal, options)),
      chaincodeEvents: (call: EventStream) => void service.stream(call),
    },
  };
}
