/** A connection that is closed while calls are under way, with a node that never answers. */
import { Server, ServerCredentials } from '@grpc/grpc-js';

import { NodeClient } from '../../../network/src/ledger/node-client.ts';

const ASK = '/test.Silent/Ask';
const bytes = (value: Buffer): Buffer => value;

let server: Server;
let node: NodeClient;
let asked: Promise<void>;

beforeEach(async () => {
  server = new Server();
  asked = new Promise((resolve) => {
    const service = {
      ask: {
        path: ASK,
        requestStream: false,
        responseStream: false,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    };
    server.addService(service, {
      ask: () => {
        resolve();
      },
    });
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  const endpoint = { addr: `127.0.0.1:${port}`, protocol: 'grpc', options: {} };
  node = new NodeClient({ name: 'peer', endpoint } as never);
});

afterEach(() => {
  node.close();
  server.forceShutdown();
});

const ask = (): Promise<Uint8Array> => node.call(ASK, Buffer.from('?'), 3_600_000);

describe('connection to a node', () => {
  it('fails calls that are under way when it is closed, and those that come later', async () => {
    await node.dial();
    expect(node.isConnected).toBe(true);
    const call = ask();
    await asked;
    node.close();
    await expect(call).rejects.toThrow('CANCELLED');
    await expect(ask()).rejects.toThrow('shut down');
  });

  it('is not dialled again once it is closed', async () => {
    await node.dial();
    node.close();
    expect(node.isConnected).toBe(false);
    await Promise.all([node.tried(), node.dial()]);
    expect(node.isConnected).toBe(false);
  });

  it('waits no longer for a node that is being dialled when it is closed', async () => {
    const dialled = node.dial();
    node.close();
    await dialled;
    expect(node.isConnected).toBe(false);
  });
});
