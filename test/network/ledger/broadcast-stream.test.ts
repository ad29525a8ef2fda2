/** The stream of envelopes against an orderer that does what a test tells it. */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { common, orderer } from '@hyperledger/fabric-protos';

import { BROADCAST } from '../../../network/src/embedded/wire/services.ts';
import type { ByteStream } from '../../../network/src/embedded/wire/stream-life.ts';
import { BroadcastStream } from '../../../network/src/ledger/broadcast-stream.ts';
import { NodeClient } from '../../../network/src/ledger/node-client.ts';

const { Status } = common;
type Behaviour = (envelope: string, stream: ByteStream) => void;

function answer(stream: ByteStream, status: common.StatusMap[keyof common.StatusMap]): void {
  const response = new orderer.BroadcastResponse();
  response.setStatus(status);
  stream.write(response.serializeBinary());
}

let server: Server;
let node: NodeClient;
let broadcast: BroadcastStream;
let streams: number;
let behave: Behaviour;

beforeEach(async () => {
  streams = 0;
  behave = (_, stream) => {
    answer(stream, Status.SUCCESS);
  };
  server = new Server();
  server.addService(BROADCAST, {
    broadcast: (stream: ByteStream) => {
      streams++;
      stream.on('error', () => undefined);
      stream.on('data', (envelope: Uint8Array) => {
        behave(Buffer.from(envelope).toString(), stream);
      });
    },
    deliver: () => undefined,
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  const endpoint = { addr: `127.0.0.1:${port}`, protocol: 'grpc', options: {} };
  node = new NodeClient({ name: 'orderer', endpoint } as never);
  broadcast = new BroadcastStream(node);
});

afterEach(() => {
  broadcast.close();
  node.close();
  server.forceShutdown();
});

const send = (text: string, timeoutMs = 20_000): ReturnType<BroadcastStream['send']> =>
  broadcast.send(Buffer.from(text), timeoutMs);

describe('stream of envelopes', () => {
  it('is one for many', async () => {
    const outcomes = await Promise.all(['a', 'b', 'c'].map((text) => send(text)));
    expect(outcomes).toEqual(Array(3).fill({ kind: 'status', status: 'SUCCESS', info: '' }));
    expect(streams).toBe(1);
  });

  it('sends again what an orderer left unread behind one that it refused', async () => {
    const read: string[] = [];
    behave = (envelope, stream) => {
      if (read.at(-1) === 'bad' && streams === 1) return;
      read.push(envelope);
      answer(stream, envelope === 'bad' ? Status.FORBIDDEN : Status.SUCCESS);
      if (envelope === 'bad') stream.end();
    };
    const outcomes = await Promise.all(['a', 'bad', 'b', 'c'].map((text) => send(text)));
    expect(outcomes.map((outcome) => outcome.kind === 'status' && outcome.status)).toEqual([
      'SUCCESS',
      'FORBIDDEN',
      'SUCCESS',
      'SUCCESS',
    ]);
    expect(read).toEqual(['a', 'bad', 'b', 'c']);
    expect(streams).toBe(2);
  });

  it('says of all that wait that it broke, and is opened anew by the next', async () => {
    behave = (_, stream) => {
      stream.end();
    };
    const outcomes = await Promise.all(['a', 'b'].map((text) => send(text)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['error', 'error']);
    behave = (_, stream) => {
      answer(stream, Status.SUCCESS);
    };
    expect((await send('c')).kind).toBe('status');
  });

  it('is given up when an answer does not come', async () => {
    behave = () => undefined;
    expect(await send('a', 50)).toMatchObject({
      kind: 'error',
      error: { message: 'REQUEST TIMEOUT: orderer did not answer' },
    });
  });

  it('fails what waits when it is closed', async () => {
    behave = () => undefined;
    const waiting = send('a');
    broadcast.close();
    expect((await waiting).kind).toBe('error');
  });
});
