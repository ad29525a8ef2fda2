import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { peer } from '@hyperledger/fabric-protos';

import type { ExecutionRequest } from '../../../../network/src/embedded/chaincode/execution.ts';
import { ChaincodeLink } from '../../../../network/src/embedded/chaincode/link.ts';
import { MemoryState } from '../../../../network/src/embedded/ledger/memory-state.ts';
import { Simulator } from '../../../../network/src/embedded/ledger/simulator.ts';

const { Type } = peer.ChaincodeMessage;
const PACKAGE_ID = 'features:abcd';
type Stream = ServerDuplexStream<peer.ChaincodeMessage, peer.ChaincodeMessage>;
type MessageType = peer.ChaincodeMessage.TypeMap[keyof peer.ChaincodeMessage.TypeMap];
type Behaviour = (message: peer.ChaincodeMessage, stream: Stream) => void;

function message(type: MessageType, payload: Uint8Array, to?: peer.ChaincodeMessage) {
  const answer = new peer.ChaincodeMessage();
  answer.setType(type);
  answer.setPayload(payload);
  answer.setTxid(to?.getTxid() ?? '');
  answer.setChannelId(to?.getChannelId() ?? '');
  return answer;
}

function register(name: string): peer.ChaincodeMessage {
  const identifier = new peer.ChaincodeID();
  identifier.setName(name);
  return message(Type.REGISTER, identifier.serializeBinary());
}

function completed(to: peer.ChaincodeMessage, text = ''): peer.ChaincodeMessage {
  const response = new peer.Response();
  response.setStatus(200);
  response.setPayload(Buffer.from(text));
  return message(Type.COMPLETED, response.serializeBinary(), to);
}

function getState(to: peer.ChaincodeMessage): peer.ChaincodeMessage {
  const request = new peer.GetState();
  request.setKey('k');
  return message(Type.GET_STATE, request.serializeBinary(), to);
}

/** A chaincode server that does what a test tells it. */
async function serve(onConnect: (stream: Stream) => void) {
  const server = new Server();
  const streams = new Set<Stream>();
  server.addService(peer.ChaincodeService, {
    connect: (stream: Stream) => {
      streams.add(stream);
      stream.on('error', () => undefined);
      onConnect(stream);
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error) {
        reject(error);
      } else {
        resolve(bound);
      }
    });
  });
  return {
    address: `127.0.0.1:${port}`,
    streams,
    close: () => {
      server.forceShutdown();
    },
  };
}

const registered =
  (behaviour: Behaviour) =>
  (stream: Stream): void => {
    stream.write(register(PACKAGE_ID));
    stream.on('data', (received: peer.ChaincodeMessage) => {
      behaviour(received, stream);
    });
  };

function request(transactionId = 'tx'): ExecutionRequest {
  return {
    channelId: 'city',
    transactionId,
    input: new peer.ChaincodeInput().serializeBinary(),
    proposal: new peer.SignedProposal().serializeBinary(),
    scope: {
      namespace: 'features',
      simulator: new Simulator(new MemoryState().view()),
      history: () => ({ next: () => Promise.resolve(undefined) }),
      call: () => Promise.reject(new Error('no chaincode can be called')),
    },
  };
}

describe('ChaincodeLink', () => {
  let close: (() => void) | undefined;
  let link: ChaincodeLink | undefined;

  afterEach(async () => {
    await link?.close();
    close?.();
  });

  async function connect(onConnect: (stream: Stream) => void, more: object = {}) {
    const server = await serve(onConnect);
    close = server.close;
    link = new ChaincodeLink({
      packageId: PACKAGE_ID,
      address: server.address,
      dialTimeoutMs: 300,
      executionTimeoutMs: 300,
      ...more,
    });
    return { server, link };
  }

  const onTransaction = (behaviour: Behaviour) =>
    registered((received, stream) => {
      if (received.getType() === Type.TRANSACTION) {
        behaviour(received, stream);
      }
    });

  it('registers, then runs many executions at a time on one stream', async () => {
    const types: number[] = [];
    const waiting: (() => void)[] = [];
    const { link, server } = await connect(
      registered((received, stream) => {
        types.push(received.getType());
        if (received.getType() === Type.TRANSACTION) {
          waiting.unshift(() => stream.write(completed(received, received.getTxid())));
        }
        if (waiting.length === 3) {
          waiting.forEach((answer) => {
            answer();
          });
        }
      }),
    );
    const outcomes = await Promise.all(['a', 'b', 'c'].map((id) => link.execute(request(id))));
    expect(
      outcomes.map(({ response }) => Buffer.from(response.getPayload_asU8()).toString()),
    ).toEqual(['a', 'b', 'c']);
    expect(types.slice(0, 2)).toEqual([Type.REGISTERED, Type.READY]);
    expect(server.streams.size).toBe(1);
  });

  it('refuses a chaincode of another package', async () => {
    const { link } = await connect((stream) => stream.write(register('other:1234')));
    await expect(link.execute(request())).rejects.toMatchObject({ code: 'CHAINCODE_PROTOCOL' });
  });

  it('refuses a chaincode that does not register first', async () => {
    const { link } = await connect((stream) =>
      stream.write(message(Type.COMPLETED, new Uint8Array())),
    );
    await expect(link.execute(request())).rejects.toMatchObject({
      code: 'CHAINCODE_PROTOCOL',
      message: 'expected REGISTER of the chaincode, got COMPLETED',
    });
  });

  it('does not wait for ever for a chaincode that says nothing', async () => {
    const { link } = await connect(() => undefined, { executionTimeoutMs: 5_000 });
    await expect(link.execute(request())).rejects.toMatchObject({ code: 'CHAINCODE_UNAVAILABLE' });
  });

  it('says so when nobody listens', async () => {
    const { link, server } = await connect(() => undefined);
    server.close();
    await expect(link.execute(request())).rejects.toMatchObject({ code: 'CHAINCODE_UNAVAILABLE' });
  });

  it('fails everything in flight when the stream breaks, and dials again', async () => {
    let connections = 0;
    const { link } = await connect((stream) => {
      connections++;
      const broken = connections === 1;
      onTransaction((received) => {
        if (!broken) {
          stream.write(completed(received, 'again'));
        } else if (received.getTxid() === 'b') {
          stream.end();
        }
      })(stream);
    });
    const outcomes = await Promise.allSettled([
      link.execute(request('a')),
      link.execute(request('b')),
    ]);
    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: { code: 'CHAINCODE_UNAVAILABLE' } },
      { status: 'rejected', reason: { code: 'CHAINCODE_UNAVAILABLE' } },
    ]);
    const { response } = await link.execute(request('a'));
    expect(Buffer.from(response.getPayload_asU8()).toString()).toBe('again');
  });

  it('ends an execution at its timeout and answers its late requests with an error', async () => {
    let running: peer.ChaincodeMessage | undefined;
    let hear: (answer: peer.ChaincodeMessage) => void = () => undefined;
    const heard = new Promise<peer.ChaincodeMessage>((resolve) => {
      hear = resolve;
    });
    const { link, server } = await connect(
      registered((received) => {
        if (received.getType() === Type.TRANSACTION) {
          running = received;
        } else if (received.getType() === Type.ERROR) {
          hear(received);
        }
      }),
    );
    await expect(link.execute(request())).rejects.toMatchObject({ code: 'CHAINCODE_TIMEOUT' });
    [...server.streams][0]!.write(getState(running!));
    const answer = Buffer.from((await heard).getPayload_asU8()).toString();
    expect(answer).toContain('no ledger context');
  });

  it('refuses a second execution of a transaction that is running', async () => {
    const { link } = await connect(onTransaction(() => undefined));
    const running = link.execute(request('same'));
    await expect(link.execute(request('same'))).rejects.toMatchObject({ code: 'BUSY' });
    await expect(running).rejects.toMatchObject({ code: 'CHAINCODE_TIMEOUT' });
  });

  it('serves one request of a transaction at a time', async () => {
    const answers: string[] = [];
    const { link } = await connect(
      registered((received, stream) => {
        if (received.getType() === Type.TRANSACTION) {
          const history = new peer.GetHistoryForKey();
          stream.write(message(Type.GET_HISTORY_FOR_KEY, history.serializeBinary(), received));
          stream.write(getState(received));
        } else if (received.getTxid() !== '') {
          answers.push(Buffer.from(received.getPayload_asU8()).toString());
          if (answers.length === 2) {
            stream.write(completed(received));
          }
        }
      }),
    );
    let endHistory = (): void => undefined;
    const slow = new Promise<undefined>((resolve) => {
      endHistory = () => {
        resolve(undefined);
      };
    });
    const { scope, ...rest } = request();
    const running = link.execute({
      ...rest,
      scope: { ...scope, history: () => ({ next: () => slow }) },
    });
    while (answers.length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    endHistory();
    await running;
    expect(answers[0]).toBe(
      'GET_STATE failed: transaction ID: tx: another request of this transaction is served',
    );
  });

  it('answers requests that it does not serve with a sentence', async () => {
    const asked = [
      { type: Type.INVOKE_CHAINCODE, payload: new Uint8Array() },
      { type: Type.GET_QUERY_RESULT, payload: new Uint8Array() },
      { type: Type.WRITE_BATCH_STATE, payload: new Uint8Array() },
      { type: Type.GET_STATE, payload: Buffer.from('ffff', 'hex') },
    ];
    const answers: string[] = [];
    const { link } = await connect(
      registered((received, stream) => {
        if (received.getType() === Type.ERROR) {
          answers.push(Buffer.from(received.getPayload_asU8()).toString());
        }
        const next = asked.shift();
        if (received.getTxid() === '' && next) {
          asked.unshift(next);
        } else if (next) {
          stream.write(message(next.type, next.payload, received));
        } else {
          stream.write(completed(received));
        }
      }),
    );
    await link.execute(request());
    expect(answers).toEqual([
      'INVOKE_CHAINCODE failed: transaction ID: tx: expected an input in the chaincode spec, got none',
      expect.stringContaining('rich queries need a document database'),
      expect.stringContaining('WRITE_BATCH_STATE is not served'),
      expect.stringContaining('error unmarshalling GetState'),
    ]);
  });

  it.each([
    [
      'an ERROR',
      (received: peer.ChaincodeMessage) => message(Type.ERROR, Buffer.from('bad'), received),
    ],
    [
      'a COMPLETED that does not parse',
      (received: peer.ChaincodeMessage) =>
        message(Type.COMPLETED, Buffer.from('ffff', 'hex'), received),
    ],
  ])('takes %s for the end', async (_, answer) => {
    const { link } = await connect(
      onTransaction((received, stream) => stream.write(answer(received))),
    );
    await expect(link.execute(request())).rejects.toMatchObject({ code: 'CHAINCODE_PROTOCOL' });
  });

  it('fails what runs when it is closed, and takes nothing after', async () => {
    let begun: () => void = () => undefined;
    const running = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const { link } = await connect(
      onTransaction(() => {
        begun();
      }),
    );
    const outcome = link.execute(request()).catch((error: unknown) => error);
    await running;
    await link.close();
    expect(await outcome).toMatchObject({ code: 'CLOSED' });
    await expect(link.execute(request())).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
