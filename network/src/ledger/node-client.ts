/**
 * The gRPC connection to one node of the profile, by the SDK's reading of it. The SDK's own copy of gRPC is left out: it ends
 * every call with a needless RST_STREAM, which HTTP/2 servers that count them take for an attack and answer by closing the
 * connection with all that is under way on it.
 */
import {
  Client,
  connectivityState,
  credentials,
  type ChannelCredentials,
  type ClientDuplexStream,
  type ClientUnaryCall,
} from '@grpc/grpc-js';
import type { ServiceEndpoint } from 'fabric-common';

import { plainView } from '../embedded/wire/fields.ts';

/** A node that does not answer a dial within is left alone. */
const READY_WITHIN_MS = 3_000;
/** Between two dials of a node that is away, at first and at most: gRPC's own pauses begin with a second and grow to two minutes. */
const REDIAL_MS = { first: 250, longest: 3_000 };

const UNDECIDED: readonly connectivityState[] = [
  connectivityState.IDLE,
  connectivityState.CONNECTING,
];

const OVER: readonly connectivityState[] = [connectivityState.READY, connectivityState.SHUTDOWN];

export type ByteCall = ClientDuplexStream<Uint8Array, Uint8Array>;

/** What the SDK made of the profile's entry. */
interface Endpoint {
  readonly addr: string;
  readonly protocol: string;
  readonly options: Readonly<Record<string, string | number>> & {
    readonly pem?: string;
  };
}

function credentialsOf({ protocol, options }: Endpoint): ChannelCredentials {
  if (protocol !== 'grpcs') return credentials.createInsecure();
  const { pem } = options;
  return credentials.createSsl(pem === undefined ? null : Buffer.from(pem));
}

/** Bytes stay bytes on both ways. */
const serialise = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

export class NodeClient {
  readonly name: string;
  readonly #client: Client;
  readonly #underWay = new Set<ClientUnaryCall>();
  #isClosed = false;

  constructor(node: ServiceEndpoint) {
    const { endpoint } = node as unknown as { readonly endpoint: Endpoint };
    const settings = Object.entries(endpoint.options).filter(([name]) => name.startsWith('grpc.'));
    this.name = node.name;
    this.#client = new Client(endpoint.addr, credentialsOf(endpoint), {
      'grpc.initial_reconnect_backoff_ms': REDIAL_MS.first,
      'grpc.max_reconnect_backoff_ms': REDIAL_MS.longest,
      ...Object.fromEntries(settings),
      // Statistics that nobody reads, a few steps for every call.
      'grpc.enable_channelz': 0,
    });
  }

  get isConnected(): boolean {
    return this.#state() === connectivityState.READY;
  }

  /** Resolves when it is known whether the node can be reached: at once, unless it is being dialled or was not needed lately. */
  tried(): Promise<void> {
    return this.#while((state) => UNDECIDED.includes(state));
  }

  /** Resolves when it is connected, or has not been within a few seconds. */
  dial(): Promise<void> {
    return this.#while((state) => !OVER.includes(state));
  }

  /** @throws {Error} of gRPC, with its status as `code`; when the client is closed */
  call(path: string, message: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + timeoutMs;
      const call = this.#client.makeUnaryRequest(
        path,
        serialise,
        plainView,
        message,
        { deadline },
        (error, answer) => {
          this.#underWay.delete(call);
          if (error) reject(error);
          else resolve(answer ?? new Uint8Array());
        },
      );
      this.#underWay.add(call);
    });
  }

  stream(path: string): ByteCall {
    return this.#client.makeBidiStreamRequest(path, serialise, plainView);
  }

  /** Ends the connection; calls that are under way fail, which gRPC alone would let run on to their deadlines. */
  close(): void {
    this.#isClosed = true;
    this.#client.close();
    for (const call of this.#underWay) call.cancel();
  }

  /** Also begins to dial what is idle; gRPC would do so for a closed client, too. */
  #state(): connectivityState {
    if (this.#isClosed) return connectivityState.SHUTDOWN;
    return this.#client.getChannel().getConnectivityState(true);
  }

  async #while(isUndecided: (state: connectivityState) => boolean): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS;
    for (let state = this.#state(); isUndecided(state); state = this.#state()) {
      if (!(await this.#change(state, deadline))) return;
    }
  }

  /** @returns false when the deadline passes first */
  #change(state: connectivityState, deadline: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#client.getChannel().watchConnectivityState(state, deadline, (error) => {
        resolve(error === undefined);
      });
    });
  }
}
