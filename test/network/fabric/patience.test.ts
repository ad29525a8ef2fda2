import { waitFor } from '../../../network/src/fabric/patience.ts';

describe('waitFor', () => {
  const looks = (
    ...lacks: readonly (string | undefined)[]
  ): (() => Promise<string | undefined>) => {
    const left = [...lacks];
    return () => Promise.resolve(left.shift());
  };

  it('looks until nothing is missing, and tells what is, once', async () => {
    const told: string[] = [];
    await waitFor('the channel is not there', looks('a', 'a', 'b', undefined, 'c'), {
      withinMs: Infinity,
      everyMs: 0,
      tell: (words) => told.push(words),
    });
    expect(told).toEqual(['the channel is not there: a', 'the channel is not there: b']);
  });

  it('gives up after its time, with what is missing', async () => {
    const waiting = waitFor('the peer', () => Promise.resolve('is away'), {
      withinMs: -1,
      everyMs: 0,
    });
    await expect(waiting).rejects.toMatchObject({
      code: 'NOT_IN_TIME',
      message: 'the peer: is away',
    });
  });

  it('ends with its signal', async () => {
    const waiting = waitFor('the peer', () => Promise.resolve('is away'), {
      withinMs: Infinity,
      everyMs: 0,
      signal: AbortSignal.abort(),
    });
    await expect(waiting).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('fails as what it looks at fails', async () => {
    const patience = { withinMs: Infinity, everyMs: 0 };
    const waiting = waitFor('x', () => Promise.reject(new TypeError('broken')), patience);
    await expect(waiting).rejects.toThrow('broken');
  });
});
