/** The stream of envelopes against an orderer that does what a test tells it. */
import { BroadcastStream } from '../../../network/src/ledger/broadcast-stream.ts';
import { NodeClient } from '../../../network/src/ledger/node-client.ts';
import { answer, FakeOrderer, Status } from './fake-orderer.ts';

let fake: FakeOrderer;
let node: NodeClient;
let broadcast: BroadcastStream;

beforeEach(async () => {
  fake = await FakeOrderer.start();
  node = fake.client('orderer');
  broadcast = new BroadcastStream(node);
});

afterEach(() => {
  broadcast.close();
  node.close();
  fake.close();
});

const send = (text: string, timeoutMs = 20_000): ReturnType<BroadcastStream['send']> =>
  broadcast.send(Buffer.from(text), timeoutMs);

describe('stream of envelopes', () => {
  it('is one for many', async () => {
    const outcomes = await Promise.all(['a', 'b', 'c'].map((text) => send(text)));
    expect(outcomes).toEqual(Array(3).fill({ kind: 'status', status: 'SUCCESS', info: '' }));
    expect(fake.streams).toBe(1);
  });

  it('sends again what an orderer left unread behind one that it refused', async () => {
    const read: string[] = [];
    fake.behave = (envelope, stream) => {
      if (read.at(-1) === 'bad' && fake.streams === 1) return;
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
    expect(fake.streams).toBe(2);
  });

  it('sends nothing again that nobody needs any more', async () => {
    const over = new AbortController();
    let refuse: () => void = () => undefined;
    fake.behave = (envelope, stream) => {
      if (envelope !== 'late') return;
      refuse = () => {
        answer(stream, Status.SERVICE_UNAVAILABLE, 'request already processed');
        stream.end();
      };
    };
    const late = send('late');
    const needless = broadcast.send(Buffer.from('needless'), 20_000, over.signal);
    const needed = send('needed');
    while (fake.heard.length < 3) await new Promise(setImmediate);
    over.abort();
    fake.behave = (_, stream) => {
      answer(stream, Status.SUCCESS);
    };
    refuse();
    expect(await late).toMatchObject({ status: 'SERVICE_UNAVAILABLE' });
    expect(await needless).toMatchObject({ error: { message: 'orderer was too late' } });
    expect(await needed).toMatchObject({ status: 'SUCCESS' });
    expect(fake.heard).toEqual(['late', 'needless', 'needed', 'needed']);
  });

  it('says of all that wait that it broke, and is opened anew by the next', async () => {
    fake.behave = (_, stream) => {
      stream.end();
    };
    const outcomes = await Promise.all(['a', 'b'].map((text) => send(text)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['error', 'error']);
    fake.behave = (_, stream) => {
      answer(stream, Status.SUCCESS);
    };
    expect((await send('c')).kind).toBe('status');
  });

  it('is given up when an answer does not come', async () => {
    fake.behave = () => undefined;
    expect(await send('a', 50)).toMatchObject({
      kind: 'error',
      error: { message: 'REQUEST TIMEOUT: orderer did not answer' },
    });
  });

  it('is given up when an answer can not be read', async () => {
    fake.behave = (_, stream) => {
      stream.write(Buffer.from('ffff', 'hex'));
    };
    expect(await send('a')).toMatchObject({
      kind: 'error',
      error: { message: 'orderer answered what can not be read' },
    });
  });

  it('holds so much for an orderer that does not answer, and no more', async () => {
    fake.behave = () => undefined;
    const megabytes = 2 ** 20;
    const held = send('x'.repeat(60 * megabytes));
    const outcome = await send('y'.repeat(5 * megabytes));
    expect(outcome).toMatchObject({
      error: { message: 'orderer has too many envelopes to answer' },
    });
    broadcast.close();
    expect((await held).kind).toBe('error');
  });

  it('fails what waits when it is closed', async () => {
    fake.behave = () => undefined;
    const waiting = send('a');
    broadcast.close();
    expect((await waiting).kind).toBe('error');
  });
});
