/** Envelopes to four orderers that hang, refuse, lie, die and come back. */
import { status } from '@grpc/grpc-js';

import type { NodeClient } from '../../../network/src/ledger/node-client.ts';
import { Orderers, type Broadcast } from '../../../network/src/ledger/orderers.ts';
import { answer, FakeOrderer, Status, type Behaviour } from './fake-orderer.ts';

/** Longer than any test may take: whoever waits for it fails. */
const NEVER_MS = 3_600_000;

const hang: Behaviour = () => undefined;
const refuse: Behaviour = (_, stream) => {
  answer(stream, Status.FORBIDDEN, 'creator');
  stream.end();
};
const delay: Behaviour = (_, stream) => {
  answer(stream, Status.SERVICE_UNAVAILABLE, 'no leader');
  stream.end();
};
const knows: Behaviour = (_, stream) => {
  answer(stream, Status.SERVICE_UNAVAILABLE, 'request already processed');
  stream.end();
};
const breakOff: Behaviour = (_, stream) => {
  stream.emit('error', Object.assign(new Error('broken'), { code: status.INTERNAL }));
};

let fakes: FakeOrderer[];
let nodes: NodeClient[];
let orderers: Orderers;

beforeEach(async () => {
  fakes = await Promise.all(Array.from({ length: 4 }, () => FakeOrderer.start()));
  nodes = fakes.map((fake, index) => fake.client(`orderer${index}`));
  orderers = new Orderers(nodes);
});

afterEach(() => {
  orderers.close();
  for (const node of nodes) node.close();
  for (const fake of fakes) fake.close();
});

function behaveAs(...behaviours: readonly Behaviour[]): void {
  for (const [index, behaviour] of behaviours.entries()) fakes[index]!.behave = behaviour;
}

const send = (text = 'tx', timeoutMs = NEVER_MS): Promise<Broadcast> =>
  orderers.broadcast({ transactionId: 'id', envelope: Buffer.from(text) }, timeoutMs);

/** Resolves when all orderers have heard as much as that. */
async function heardByAll(count: number): Promise<void> {
  while (fakes.some(({ heard }) => heard.length < count)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a broadcast', () => {
  it('reaches every orderer, whoever is first to take it', async () => {
    expect(await send()).toEqual({ kind: 'taken' });
    await heardByAll(1);
    expect(fakes.map(({ heard }) => heard)).toEqual(Array(4).fill(['tx']));
  });

  it('waits for none that hangs', async () => {
    behaveAs(hang, hang, hang);
    expect(await send('a')).toEqual({ kind: 'taken' });
    expect(await send('b')).toEqual({ kind: 'taken' });
  });

  it('goes on where one refuses, breaks off or is without a leader', async () => {
    behaveAs(refuse, breakOff, delay);
    for (const text of ['a', 'b', 'c']) expect(await send(text)).toEqual({ kind: 'taken' });
  });

  it('was there before, when nobody takes it and one has it already', async () => {
    behaveAs(delay, knows, breakOff, knows);
    expect(await send()).toEqual({ kind: 'known' });
  });

  it.each<[string, readonly Behaviour[], string, boolean]>([
    ['refused by all', [refuse, refuse, refuse, refuse], 'ORDERER_REFUSED', false],
    [
      'refused by all but one that breaks off',
      [refuse, refuse, refuse, breakOff],
      'ORDERER_REFUSED',
      true,
    ],
    ['in doubt without a leader', [delay, delay, delay, delay], 'UNAVAILABLE', true],
    ['in doubt where all break off', [breakOff, breakOff, breakOff, breakOff], 'UNAVAILABLE', true],
  ])('is %s', async (_, behaviours, code, maybeOrdered) => {
    behaveAs(...behaviours);
    const transactionId = 'id';
    expect(await send()).toMatchObject({
      kind: 'failed',
      error: { code, maybeOrdered, transactionId },
    });
  });

  it('is in doubt when all hang, each for its own time', async () => {
    behaveAs(hang, hang, hang, hang);
    expect(await send('tx', 50)).toMatchObject({
      kind: 'failed',
      error: { code: 'UNAVAILABLE', maybeOrdered: true },
    });
  });

  it('reaches an orderer again that was away', async () => {
    const [{ port }] = fakes as [FakeOrderer];
    for (const fake of fakes) fake.close();
    expect(await send('away')).toMatchObject({ kind: 'failed' });
    fakes[0] = await FakeOrderer.start(port);
    // Until it is dialled again.
    while ((await send('back')).kind === 'failed') {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(fakes[0].heard).toContain('back');
  });

  it('fails without any orderer', async () => {
    const nobody = new Orderers([]);
    const prepared = { transactionId: 'id', envelope: Buffer.from('tx') };
    expect(await nobody.broadcast(prepared, NEVER_MS)).toMatchObject({
      kind: 'failed',
      error: { code: 'UNAVAILABLE' },
    });
  });
});
