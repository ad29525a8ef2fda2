import { NonceMemory } from '../../../network/src/exchange/index.ts';
import { codeOf } from '../code-of.ts';
import { nonce, NOW } from './parties.ts';

describe('nonce memory', () => {
  it('takes a nonce once', async () => {
    const memory = new NonceMemory();
    memory.admit('a', nonce(1), NOW, NOW);
    expect(
      await codeOf(() => {
        memory.admit('a', nonce(1), NOW, NOW);
      }),
    ).toBe('EXCHANGE_REPLAYED');
  });

  it('keeps the nonces of senders apart', async () => {
    const memory = new NonceMemory();
    memory.admit('a', nonce(1), NOW, NOW);
    expect(
      await codeOf(() => {
        memory.admit('b', nonce(1), NOW, NOW);
      }),
    ).toBe('none');
  });

  it.each([
    [-301, 'EXCHANGE_STALE'],
    [-300, 'none'],
    [300, 'none'],
    [301, 'EXCHANGE_STALE'],
  ])('judges a time %i s from its own as %s', async (seconds, code) => {
    const memory = new NonceMemory();
    expect(
      await codeOf(() => {
        memory.admit('a', nonce(1), NOW + seconds, NOW);
      }),
    ).toBe(code);
  });

  it('never admits a nonce twice, however the clocks run', async () => {
    const memory = new NonceMemory();
    // Written by a clock 300 s ahead: valid for 600 s by ours.
    memory.admit('a', nonce(1), NOW + 300, NOW);
    for (let now = NOW; now <= NOW + 600; now += 100) {
      expect(
        await codeOf(() => {
          memory.admit('a', nonce(1), NOW + 300, now);
        }),
      ).toBe('EXCHANGE_REPLAYED');
    }
    expect(
      await codeOf(() => {
        memory.admit('a', nonce(1), NOW + 300, NOW + 601);
      }),
    ).toBe('EXCHANGE_STALE');
  });

  it('is bounded, and has room again when nonces are too old to matter', async () => {
    const memory = new NonceMemory({ capacity: 2 });
    memory.admit('a', nonce(1), NOW, NOW);
    memory.admit('a', nonce(2), NOW, NOW);
    expect(
      await codeOf(() => {
        memory.admit('a', nonce(3), NOW, NOW);
      }),
    ).toBe('EXCHANGE_TOO_MANY');
    const later = NOW + 301;
    expect(
      await codeOf(() => {
        memory.admit('a', nonce(3), later, later);
      }),
    ).toBe('none');
  });
});
