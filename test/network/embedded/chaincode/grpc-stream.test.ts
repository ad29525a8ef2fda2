/** The lean gRPC stream against servers that split, lie and leave. */
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';

import { GrpcStream } from '../../../../network/src/embedded/chaincode/grpc-stream.ts';
import { LIMITS } from '../../../../network/src/embedded/limits.ts';

function frame(text: string, declared = text.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(declared, 1);
  return Buffer.concat([prefix, Buffer.from(text)]);
}

let server: Http2Server;
let stream: GrpcStream;

/** @returns what is heard until the end, with the reason of the end as the last */
async function hear(
  serve: (call: ServerHttp2Stream) => void,
  onMessage: (text: string) => void = () => undefined,
): Promise<string[]> {
  server = createServer();
  server.on('stream', serve);
  server.on('session', (session) => {
    session.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const heard: string[] = [];
  return new Promise((resolve) => {
    stream = new GrpcStream(`127.0.0.1:${port}`, '/a.B/C', {
      onMessage: (message) => {
        const text = Buffer.from(message).toString();
        heard.push(text);
        onMessage(text);
      },
      onEnd: (reason) => {
        resolve([...heard, reason]);
      },
    });
  });
}

function accept(call: ServerHttp2Stream, status = '0', text = ''): void {
  call.on('error', () => undefined);
  call.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  call.on('wantTrailers', () => {
    call.sendTrailers({ 'grpc-status': status, 'grpc-message': text });
  });
}

afterEach(async () => {
  stream.fail('the test is over');
  await new Promise((resolve) => server.close(resolve));
});

describe('GrpcStream', () => {
  it('puts messages together, however they come', async () => {
    const bytes = Buffer.concat([frame('one'), frame(''), frame('x'.repeat(200)), frame('two')]);
    const heard = await hear((call) => {
      accept(call);
      for (const octet of bytes) call.write(Buffer.of(octet));
      call.end();
    });
    expect(heard).toEqual(['one', '', 'x'.repeat(200), 'two', 'the stream has ended']);
  });

  it('sends what is said, as frames', async () => {
    const heard = await hear(
      (call) => {
        accept(call);
        call.on('data', (chunk: Buffer) => {
          call.write(chunk);
          if (chunk.includes('last')) call.end();
        });
        call.write(frame('hello'));
      },
      (text) => {
        if (text === 'hello') for (const word of ['first', 'last']) stream.send(Buffer.from(word));
      },
    );
    expect(heard).toEqual(['hello', 'first', 'last', 'the stream has ended']);
  });

  it('tells the status that ended it', async () => {
    const heard = await hear((call) => {
      accept(call, '14', 'gone');
      call.end();
    });
    expect(heard).toEqual(['gRPC status 14: gone']);
  });

  it.each([
    ['a message that is too long', frame('', LIMITS.receiveBytes + 1)],
    ['a compressed message', Buffer.of(1, 0, 0, 0, 0)],
  ])('ends at %s', async (_, bytes) => {
    const [reason] = await hear((call) => {
      accept(call);
      call.write(bytes);
    });
    expect(reason).toContain('expected messages of up to');
  });

  it('ends at what its reader throws at', async () => {
    const heard = await hear(
      (call) => {
        accept(call);
        call.write(frame('odd'));
      },
      () => {
        throw new Error('this is no message');
      },
    );
    expect(heard).toEqual(['odd', 'this is no message']);
  });

  it('ends when the server is no gRPC server', async () => {
    const heard = await hear((call) => {
      call.on('error', () => undefined);
      call.respond({ ':status': 404 }, { endStream: true });
    });
    expect(heard).toEqual(['HTTP status 404']);
  });

  it('tells its end to whom it is handed late', async () => {
    await hear((call) => {
      accept(call);
      call.end();
    });
    const reason = await new Promise((resolve) => {
      stream.hand({ onMessage: () => undefined, onEnd: resolve });
    });
    expect(reason).toBe('the stream has ended');
  });
});
