import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SILENT } from '../../../../network/src/network-logger.ts';
import type { OrderedBlock } from '../../../../network/src/embedded/ledger/ordered-block.ts';
import { OrderingChain } from '../../../../network/src/embedded/orderer/chain.ts';
import { newSigner, type Signer } from '../../../../network/src/membership/signer.ts';
import { enrol, newAuthority } from '../../membership/certificates.ts';
import { coded } from '../../coded.ts';
import { newChain, nextBlock } from '../ledger/blocks.ts';

const never = new AbortController().signal;
const texts = (block: OrderedBlock): string[] =>
  block.envelopes.map((envelope) => Buffer.from(envelope).toString());

describe('OrderingChain', () => {
  let directory: string;
  let signer: Signer;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'chain-'));
    signer = newSigner(await enrol(await newAuthority(), 'orderer'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  const open = (batch: object = {}): Promise<OrderingChain> =>
    OrderingChain.open({
      path: join(directory, 'blocks'),
      signer,
      batch: { maxMessageCount: 2, preferredMaxBytes: 1_000, timeoutMs: 10, ...batch },
      logger: SILENT,
      genesis: () => Promise.resolve(nextBlock()),
    });

  it('begins with block 0 and goes on after a restart', async () => {
    const chain = await open();
    expect(chain.height).toBe(1);
    chain.order(Buffer.from('a'));
    chain.order(Buffer.from('b'));
    await chain.reach(1, never);
    const { hash } = await chain.read(1);
    await chain.close();
    const again = await open();
    expect(again.height).toBe(2);
    expect((await again.read(1)).hash).toEqual(hash);
    again.order(Buffer.from('c'));
    again.order(Buffer.from('d'));
    await again.reach(2, never);
    expect((await again.read(2)).header.previousHash).toEqual(hash);
    await again.close();
  });

  it('cuts by count at once, by time otherwise', async () => {
    const chain = await open();
    ['a', 'b', 'c'].forEach((text) => {
      chain.order(Buffer.from(text));
    });
    await chain.reach(2, never);
    expect(texts(await chain.read(1))).toEqual(['a', 'b']);
    expect(texts(await chain.read(2))).toEqual(['c']);
    await chain.close();
  });

  it('cuts a lone envelope at once, without its timeout', async () => {
    const chain = await open({ timeoutMs: 60_000 });
    for (const [index, text] of ['a', 'b', 'c'].entries()) {
      chain.order(Buffer.from(text));
      await chain.reach(index + 1, never);
    }
    expect(texts(await chain.read(3))).toEqual(['c']);
    await chain.close();
  });

  it('lets envelopes gather while a peer is at work', async () => {
    const chain = await open({ maxMessageCount: 10, timeoutMs: 60_000 });
    const [swift, slow] = [chain.feed(), chain.feed()];
    void swift.reach(1, never);
    void slow.reach(1, never);
    chain.order(Buffer.from('a'));
    await chain.reach(1, never);
    void swift.reach(2, never);
    chain.order(Buffer.from('b'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    chain.order(Buffer.from('c'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(chain.height).toBe(2);
    void slow.reach(2, never);
    await chain.reach(2, never);
    expect(texts(await chain.read(2))).toEqual(['b', 'c']);
    await chain.close();
  });

  it('lets envelopes gather up to the timeout when the last block held more than one', async () => {
    const chain = await open({ maxMessageCount: 3, timeoutMs: 60_000 });
    ['a', 'b', 'c', 'd'].forEach((text) => {
      chain.order(Buffer.from(text));
    });
    await chain.reach(1, never);
    await new Promise((resolve) => setTimeout(resolve, 20));
    chain.order(Buffer.from('e'));
    expect(texts(await chain.read(1))).toEqual(['a', 'b', 'c']);
    await chain.flush();
    expect(texts(await chain.read(2))).toEqual(['d', 'e']);
    await chain.close();
  });

  it('writes what waits when it closes, and then takes nothing', async () => {
    const chain = await open({ timeoutMs: 60_000 });
    chain.order(Buffer.from('late'));
    await chain.close();
    expect(() => {
      chain.order(Buffer.from('too late'));
    }).toThrow(coded('CLOSED'));
    const again = await open();
    expect(texts(await again.read(1))).toEqual(['late']);
    await again.close();
  });

  it('refuses more than its bound of waiting envelopes, and of waiting bytes', async () => {
    const chain = await open({
      maxMessageCount: 10_000,
      preferredMaxBytes: 2 ** 40,
      timeoutMs: 60_000,
    });
    for (let count = 0; count < 5_000; count++) {
      chain.order(Buffer.from('x'));
    }
    expect(() => {
      chain.order(Buffer.from('x'));
    }).toThrow(coded('BUSY'));
    await chain.close();
  });

  it('refuses more than its bound of waiting bytes', async () => {
    const chain = await open({
      maxMessageCount: 10_000,
      preferredMaxBytes: 2 ** 40,
      timeoutMs: 60_000,
    });
    expect(() => {
      chain.order(new Uint8Array(64 * 1024 * 1024 + 1));
    }).toThrow(coded('BUSY'));
    await chain.close();
  });

  it('has room again once blocks are written', async () => {
    const chain = await open({ maxMessageCount: 2_500, preferredMaxBytes: 10_000 });
    for (let count = 0; count < 5_000; count++) {
      chain.order(Buffer.from('x'));
    }
    await chain.reach(2, never);
    chain.order(Buffer.from('x'));
    await chain.reach(3, never);
    expect(texts(await chain.read(3))).toEqual(['x']);
    await chain.close();
  });

  it('takes blocks that peers still had, in order only', async () => {
    const [, one, two] = newChain(3);
    const chain = await open();
    await expect(chain.append(two!)).rejects.toMatchObject({ code: 'BLOCK_OUT_OF_CHAIN' });
    await chain.append(one!);
    await chain.append(two!);
    expect(chain.height).toBe(3);
    await chain.close();
  });

  it('reads blocks back that are no longer in memory', async () => {
    const chain = await open({ maxMessageCount: 1 });
    for (let number = 0; number < 40; number++) {
      chain.order(Buffer.from(`e${number}`));
    }
    await chain.reach(40, never);
    expect(texts(await chain.read(1))).toEqual(['e0']);
    await expect(chain.read(41)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await chain.close();
  });
});
