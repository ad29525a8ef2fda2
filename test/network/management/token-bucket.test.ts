import { KeyedRate, TokenBucket } from '../../../network/src/management/token-bucket.ts';

describe('a token bucket', () => {
  it('gives its burst at once and then its rate', () => {
    const bucket = new TokenBucket({ burst: 3, perSecond: 2 }, 1_000);
    expect([1, 2, 3, 4].map(() => bucket.take(1_000))).toEqual([true, true, true, false]);
    expect(bucket.waitMs(1_000)).toBe(500);
    expect(bucket.take(1_499)).toBe(false);
    expect(bucket.take(1_500)).toBe(true);
    expect(bucket.take(1_500)).toBe(false);
  });

  it('never holds more than its burst', () => {
    const bucket = new TokenBucket({ burst: 2, perSecond: 100 }, 0);
    expect([1, 2, 3].map(() => bucket.take(3_600_000))).toEqual([true, true, false]);
  });

  it('gains nothing from a clock that goes back', () => {
    const bucket = new TokenBucket({ burst: 1, perSecond: 1 }, 5_000);
    expect(bucket.take(5_000)).toBe(true);
    expect(bucket.take(0)).toBe(false);
  });
});

describe('rates by key', () => {
  it('counts each key for itself', () => {
    const rates = new KeyedRate({ burst: 1, perSecond: 1 }, 10);
    expect(['a', 'a', 'b', 'b'].map((key) => rates.take(key, 0))).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('remembers no more keys than it may, and those seen last', () => {
    const rates = new KeyedRate({ burst: 1, perSecond: 1 }, 2);
    for (const key of ['a', 'b', 'a', 'c']) rates.take(key, 0);
    expect(rates.size).toBe(2);
    expect(rates.take('a', 0)).toBe(false);
    expect(rates.take('b', 0)).toBe(true);
    for (let index = 0; index < 1_000; index += 1) rates.take(`flood-${String(index)}`, 0);
    expect(rates.size).toBe(2);
  });
});
