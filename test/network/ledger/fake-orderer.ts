/** An orderer that does what a test tells it, without TLS. */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { common, orderer } from '@hyperledger/fabric-protos';

import { BROADCAST } from '../../../network/src/embedded/wire/services.ts';
import type { ByteStream } from '../../../network/src/embedded/wire/stream-life.ts';
import { NodeClient } from '../../../network/src/ledger/node-client.ts';

export const { Status } = common;
export type Behaviour = (envelope: string, stream: ByteStream) => void;

export function answer(
  stream: ByteStream,
  status: common.StatusMap[keyof common.StatusMap],
  info = '',
): void {
  const response = new orderer.BroadcastResponse();
  response.setStatus(status);
  response.setInfo(info);
  stream.write(response.serializeBinary());
}

export class FakeOrderer {
  /** Takes everything, until a test says otherwise. */
  behave: Behaviour = (_, stream) => {
    answer(stream, Status.SUCCESS);
  };
  /** Opened so far. */
  streams = 0;
  /** What reached it. */
  readonly heard: string[] = [];
  readonly #server: Server;
  #port = 0;

  private constructor() {
    this.#server = new Server({ 'grpc.max_receive_message_length': -1 });
    this.#server.addService(BROADCAST, {
      broadcast: (stream: ByteStream) => {
        this.streams++;
        stream.on('error', () => undefined);
        stream.on('data', (bytes: Uint8Array) => {
          const envelope = Buffer.from(bytes).toString();
          this.heard.push(envelope);
          this.behave(envelope, stream);
        });
      },
      deliver: () => undefined,
    });
  }

  /** @param port of one that was closed; a free one when not given */
  static async start(port = 0): Promise<FakeOrderer> {
    const fake = new FakeOrderer();
    fake.#port = await new Promise<number>((resolve, reject) => {
      const address = `127.0.0.1:${port}`;
      fake.#server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
        if (error) reject(error);
        else resolve(bound);
      });
    });
    return fake;
  }

  get port(): number {
    return this.#port;
  }

  client(name: string): NodeClient {
    const endpoint = { addr: `127.0.0.1:${this.#port}`, protocol: 'grpc', options: {} };
    return new NodeClient({ name, endpoint } as never);
  }

  close(): void {
    this.#server.forceShutdown();
  }
}
