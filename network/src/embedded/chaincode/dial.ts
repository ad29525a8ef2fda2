/**
 * Opens the stream to a chaincode server and registers: the chaincode speaks first (REGISTER with its package id), the peer
 * answers REGISTERED and READY.
 */
import { peer } from '@hyperledger/fabric-protos';

import { EmbeddedError, messageOf } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { decode } from '../wire/messages.ts';
import { GrpcStream } from './grpc-stream.ts';
import { newMessage, Type, typeName } from './messages.ts';

const ignore = (): void => undefined;
const CONNECT = '/protos.Chaincode/Connect';

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
  /** @param message - serialised peer.ChaincodeMessage. */
  send(message: Uint8Array): void;
  /** To be called once, at once. `onEnd` is called at most once. */
  listen(
    onMessage: (message: peer.ChaincodeMessage) => void,
    onEnd: (reason: string) => void,
  ): void;
  close(): void;
}

const read = (bytes: Uint8Array): peer.ChaincodeMessage =>
  decode(peer.ChaincodeMessage, bytes, 'ChaincodeMessage');

/** Opens a stream; resolves with the first message of the chaincode. */
function open(
  address: string,
  timeoutMs: number,
): Promise<{ readonly stream: GrpcStream; readonly message: peer.ChaincodeMessage }> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      clearTimeout(timer);
      reject(
        new EmbeddedError('CHAINCODE_UNAVAILABLE', `could not reach the chaincode: ${reason}`),
      );
    };
    const timer = setTimeout(() => {
      stream.fail(`no answer within ${timeoutMs} ms`);
    }, timeoutMs);
    const stream: GrpcStream = new GrpcStream(address, CONNECT, {
      onMessage: (bytes) => {
        const message = read(bytes);
        clearTimeout(timer);
        resolve({ stream, message });
      },
      onEnd: fail,
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

function bare(type: typeof Type.REGISTERED | typeof Type.READY): Uint8Array {
  return newMessage(type, { channelId: '', transactionId: '' }, new Uint8Array());
}

function wrap(stream: GrpcStream): ChaincodeStream {
  return {
    send: (message) => {
      stream.send(message);
    },
    listen: (onMessage, onEnd) => {
      const take = (bytes: Uint8Array): void => {
        onMessage(read(bytes));
      };
      stream.hand({ onMessage: take, onEnd });
    },
    close: () => {
      stream.hand({ onMessage: ignore, onEnd: ignore });
      stream.fail('closed by the peer');
    },
  };
}

/** @throws {@link EmbeddedError} CHAINCODE_UNAVAILABLE, CHAINCODE_PROTOCOL */
export async function dial(options: DialOptions): Promise<ChaincodeStream> {
  const { stream, message } = await open(
    options.address,
    options.dialTimeoutMs ?? LIMITS.dialTimeoutMs,
  );
  try {
    assertRegister(message, options.packageId);
  } catch (error) {
    stream.fail(messageOf(error));
    throw error;
  }
  stream.send(bare(Type.REGISTERED));
  stream.send(bare(Type.READY));
  return wrap(stream);
}
