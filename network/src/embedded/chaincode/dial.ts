/**
 * Opens the stream to a chaincode server and registers: the chaincode speaks first (REGISTER with its package id), the peer
 * answers REGISTERED and READY.
 */
import { credentials, type ClientDuplexStream } from '@grpc/grpc-js';
import { peer } from '@hyperledger/fabric-protos';

import { EmbeddedError, messageOf } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { decode } from '../wire/messages.ts';
import { Type, typeName } from './messages.ts';

export interface DialOptions {
  /** `label:hash`, as the chaincode registers. */
  readonly packageId: string;
  /** `host:port` of the chaincode server. */
  readonly address: string;
  /** @default 5_000 */
  readonly dialTimeoutMs?: number;
}

/** A registered stream. */
export interface ChaincodeStream {
  send(message: peer.ChaincodeMessage): void;
  /** To be called once, at once. `onEnd` is called at most once. */
  listen(
    onMessage: (message: peer.ChaincodeMessage) => void,
    onEnd: (reason: string) => void,
  ): void;
  close(): void;
}

type Stream = ClientDuplexStream<peer.ChaincodeMessage, peer.ChaincodeMessage>;

function newClient(address: string): peer.ChaincodeClient {
  return new peer.ChaincodeClient(address, credentials.createInsecure(), {
    'grpc.max_receive_message_length': LIMITS.receiveBytes,
    'grpc.max_send_message_length': LIMITS.sendBytes,
    // Peers of one process would share one connection otherwise, and wait for each other on it.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_channelz': 0,
  });
}

/** Waits for the first message of the chaincode. */
function firstMessage(stream: Stream, timeoutMs: number): Promise<peer.ChaincodeMessage> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      clearTimeout(timer);
      stream.removeAllListeners('data');
      reject(
        new EmbeddedError('CHAINCODE_UNAVAILABLE', `could not reach the chaincode: ${reason}`),
      );
    };
    const timer = setTimeout(() => {
      fail(`no answer within ${timeoutMs} ms`);
    }, timeoutMs);
    stream.once('error', (error) => {
      fail(messageOf(error));
    });
    stream.once('end', () => {
      fail('the stream was closed before the chaincode registered');
    });
    stream.once('data', (message: peer.ChaincodeMessage) => {
      clearTimeout(timer);
      stream.pause();
      stream.removeAllListeners('end');
      resolve(message);
    });
  });
}

function assertRegister(message: peer.ChaincodeMessage, packageId: string): void {
  if (message.getType() !== Type.REGISTER) {
    throw new EmbeddedError(
      'CHAINCODE_PROTOCOL',
      `expected REGISTER of the chaincode, got ${typeName(message.getType())}`,
    );
  }
  const name = decode(peer.ChaincodeID, message.getPayload_asU8(), 'ChaincodeID').getName();
  if (name !== packageId) {
    throw new EmbeddedError(
      'CHAINCODE_PROTOCOL',
      `expected chaincode ${packageId} to register, got ${JSON.stringify(name.slice(0, 200))}`,
    );
  }
}

function bare(type: typeof Type.REGISTERED | typeof Type.READY): peer.ChaincodeMessage {
  const message = new peer.ChaincodeMessage();
  message.setType(type);
  return message;
}

function wrap(client: peer.ChaincodeClient, stream: Stream): ChaincodeStream {
  return {
    send: (message) => {
      stream.write(message);
    },
    listen: (onMessage, onEnd) => {
      let ended = false;
      const end = (reason: string): void => {
        if (!ended) {
          ended = true;
          onEnd(reason);
          client.close();
        }
      };
      stream.on('data', onMessage);
      stream.on('error', (error) => {
        end(messageOf(error));
      });
      stream.on('end', () => {
        end('closed by the chaincode');
      });
      stream.resume();
    },
    close: () => {
      stream.cancel();
      client.close();
    },
  };
}

/** @throws {@link EmbeddedError} CHAINCODE_UNAVAILABLE, CHAINCODE_PROTOCOL */
export async function dial(options: DialOptions): Promise<ChaincodeStream> {
  const client = newClient(options.address);
  const stream = client.connect();
  // Errors after the first one have nobody to tell; without a listener they would end the process.
  stream.on('error', () => undefined);
  try {
    const message = await firstMessage(stream, options.dialTimeoutMs ?? LIMITS.dialTimeoutMs);
    assertRegister(message, options.packageId);
  } catch (error) {
    stream.cancel();
    client.close();
    throw error;
  }
  stream.write(bare(Type.REGISTERED));
  stream.write(bare(Type.READY));
  return wrap(client, stream);
}
