import { setImmediate as turn } from 'node:timers/promises';

import {
  eventStream,
  type BlockOfEvents,
  type BlockSource,
} from '../../../network/src/ledger/event-stream.ts';
import type { LedgerEvent } from '../../../network/src/ledger/index.ts';

const block = (blockNumber: number, count = 1): BlockOfEvents => ({
  blockNumber,
  events: Array.from({ length: count }, (_, index) => ({
    blockNumber,
    transactionId: `tx-${blockNumber}-${index}`,
    name: 'E',
    payload: new Uint8Array(),
  })),
});

/** Blocks that exist, told to each subscriber from its start on, and those that come. */
class Chain implements BlockSource {
  readonly blocks: BlockOfEvents[] = [];
  readonly subscriptions: number[] = [];
  #listeners = new Map<(block: BlockOfEvents) => void, number>();

  get listeners(): number {
    return this.#listeners.size;
  }

  subscribe(startBlock: number, listener: (block: BlockOfEvents) => void): Promise<() => void> {
    this.subscriptions.push(startBlock);
    this.#listeners.set(listener, startBlock);
    for (const old of this.blocks.filter(({ blockNumber }) => blockNumber >= startBlock)) {
      listener(old);
    }
    return Promise.resolve(() => {
      this.#listeners.delete(listener);
    });
  }

  add(added: BlockOfEvents): void {
    this.blocks.push(added);
    for (const listener of this.#listeners.keys()) listener(added);
  }
}

async function take(events: AsyncIterable<LedgerEvent>, count: number): Promise<string[]> {
  const ids: string[] = [];
  if (count === 0) return ids;
  for await (const { transactionId } of events) {
    ids.push(transactionId);
    if (ids.length === count) break;
  }
  return ids;
}

describe('event stream', () => {
  const { signal } = new AbortController();

  it('gives events of old and new blocks in order, each once', async () => {
    const chain = new Chain();
    chain.add(block(0));
    chain.add(block(1, 2));
    const reading = take(eventStream(chain, { startBlock: 1, signal }), 3);
    await turn();
    chain.add(block(2, 0));
    chain.add(block(3));
    expect(await reading).toEqual(['tx-1-0', 'tx-1-1', 'tx-3-0']);
    expect(chain.listeners).toBe(0);
  });

  it('drops its subscription when the reader is slow, and misses nothing', async () => {
    const chain = new Chain();
    const stream = eventStream(chain, { startBlock: 0, signal, capacity: 4 });
    const first = stream.next();
    await turn();
    for (let number = 0; number < 20; number += 1) chain.add(block(number));
    expect(chain.listeners).toBe(0);
    expect((await first).value).toMatchObject({ blockNumber: 0 });
    const rest = await take(stream, 19);
    expect(rest).toEqual(Array.from({ length: 19 }, (_, index) => `tx-${index + 1}-0`));
    expect(chain.subscriptions.length).toBeGreaterThan(1);
  });

  it('asks again for what is missing', async () => {
    const chain = new Chain();
    const reading = take(eventStream(chain, { startBlock: 0, signal }), 3);
    await turn();
    chain.add(block(0));
    await turn();
    chain.blocks.push(block(1));
    chain.add(block(2));
    expect(await reading).toEqual(['tx-0-0', 'tx-1-0', 'tx-2-0']);
  });

  it('passes over a block that it had', async () => {
    const chain = new Chain();
    const reading = take(eventStream(chain, { startBlock: 0, signal }), 2);
    await turn();
    chain.add(block(0));
    chain.add(block(0));
    chain.add(block(1));
    expect(await reading).toEqual(['tx-0-0', 'tx-1-0']);
  });

  it('ends with its signal, without an error', async () => {
    const chain = new Chain();
    const controller = new AbortController();
    const reading = take(eventStream(chain, { startBlock: 0, signal: controller.signal }), 99);
    await turn();
    chain.add(block(0));
    await turn();
    controller.abort();
    expect(await reading).toEqual(['tx-0-0']);
    expect(chain.listeners).toBe(0);
  });

  it('does not begin when its signal is aborted', async () => {
    const chain = new Chain();
    const ended = AbortSignal.abort();
    expect(await take(eventStream(chain, { startBlock: 0, signal: ended }), 1)).toEqual([]);
    expect(chain.subscriptions).toEqual([]);
  });

  it('fails as its source fails', async () => {
    const source: BlockSource = { subscribe: () => Promise.reject(new Error('no peer')) };
    await expect(take(eventStream(source, { startBlock: 0, signal }), 1)).rejects.toThrow(
      'no peer',
    );
  });
});
