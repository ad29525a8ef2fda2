import { BlockCache } from '../../../../network/src/embedded/ledger/block-cache.ts';

describe('BlockCache', () => {
  it('forgets the oldest blocks when there is no room', () => {
    const cache = new BlockCache(10);
    [0, 1, 2].forEach((number) => {
      cache.put(number, new Uint8Array(4));
    });
    expect(cache.get(0)).toBeUndefined();
    expect(cache.get(1)).toHaveLength(4);
    expect(cache.get(2)).toHaveLength(4);
  });

  it('does not keep a block that is larger than all of it', () => {
    const cache = new BlockCache(10);
    cache.put(0, new Uint8Array(4));
    cache.put(1, new Uint8Array(11));
    expect(cache.get(0)).toHaveLength(4);
    expect(cache.get(1)).toBeUndefined();
  });

  it('counts a block once', () => {
    const cache = new BlockCache(10);
    for (let round = 0; round < 5; round++) {
      cache.put(0, new Uint8Array(4));
    }
    cache.put(1, new Uint8Array(4));
    expect(cache.get(0)).toHaveLength(4);
  });
});
