import fc from 'fast-check';

import { encodeCbor } from '@lamplighter/sdk/wire';

import {
  MAX_ANCHORS,
  openAnchorAnswer,
  readAnchorRequest,
  signAnchorAnswer,
  signAnchorRequest,
  verifyAnchorRequest,
  type AnchorRequest,
} from '../../../network/src/exchange/index.ts';
import { signMessage } from '../../../network/src/exchange/signed-message.ts';
import { codeOf } from '../code-of.ts';
import { flipped, fresh, GATEWAY, HELIOS, nonce, NORTHLIGHT, NOW } from './parties.ts';

const request = (count = 2): AnchorRequest => ({
  vendor: 'northlight',
  manager: 'gateway-north',
  items: Array.from({ length: count }, (_, index) => ({
    device: `mote-${index}`,
    epoch: 1,
    suite: 0x0103,
  })),
  nonce: nonce(1),
  time: NOW,
});
const anchorsFor = (count: number): { length: number; anchor: Uint8Array }[] =>
  Array.from({ length: count }, (_, index) => ({
    length: 4_096,
    anchor: new Uint8Array(32).fill(index % 256),
  }));
const expected = { vendorKey: NORTHLIGHT.public, manager: 'gateway-north' };

describe('anchor request', () => {
  it.each([1, 64, 65, 500])('comes through with %i devices', (count) => {
    const bytes = signAnchorRequest(request(count), NORTHLIGHT.secret);
    const message = readAnchorRequest(bytes);
    expect(message.claim.vendor).toBe('northlight');
    expect(verifyAnchorRequest(message, { ...expected, freshness: fresh() })).toEqual(
      request(count),
    );
  });

  it.each([0, MAX_ANCHORS + 1])('is not written for %i devices', (count) => {
    expect(() => signAnchorRequest(request(count), NORTHLIGHT.secret)).toThrow(RangeError);
  });

  it('refuses more devices than the limit', async () => {
    const items = Array.from({ length: 8 }, () =>
      Array.from({ length: 64 }, () => ['mote', 1, 0x0103]),
    );
    const payload = encodeCbor([1, 'northlight', 'gateway-north', items, nonce(1), NOW]);
    const bytes = signMessage('anchor-request', payload, NORTHLIGHT.secret);
    expect(await codeOf(() => readAnchorRequest(bytes))).toBe('EXCHANGE_MALFORMED');
  });

  it.each([
    ['another key', { vendorKey: HELIOS.public }, 'EXCHANGE_BAD_SIGNATURE'],
    ['another manager', { manager: 'gateway-south' }, 'EXCHANGE_WRONG_RECIPIENT'],
    ['a late clock', { freshness: fresh(NOW + 301) }, 'EXCHANGE_STALE'],
    ['an early clock', { freshness: fresh(NOW - 301) }, 'EXCHANGE_STALE'],
  ])('is refused with %s', async (_, change, code) => {
    const message = readAnchorRequest(signAnchorRequest(request(), NORTHLIGHT.secret));
    const all = { ...expected, freshness: fresh(), ...change };
    expect(await codeOf(() => verifyAnchorRequest(message, all))).toBe(code);
  });

  it('is refused when it comes again', async () => {
    const message = readAnchorRequest(signAnchorRequest(request(), NORTHLIGHT.secret));
    const all = { ...expected, freshness: fresh() };
    verifyAnchorRequest(message, all);
    expect(await codeOf(() => verifyAnchorRequest(message, all))).toBe('EXCHANGE_REPLAYED');
  });

  it('does not remember the nonce of a forged request', async () => {
    const freshness = fresh();
    const forged = readAnchorRequest(signAnchorRequest(request(), HELIOS.secret));
    expect(await codeOf(() => verifyAnchorRequest(forged, { ...expected, freshness }))).toBe(
      'EXCHANGE_BAD_SIGNATURE',
    );
    const genuine = readAnchorRequest(signAnchorRequest(request(), NORTHLIGHT.secret));
    expect(await codeOf(() => verifyAnchorRequest(genuine, { ...expected, freshness }))).toBe(
      'none',
    );
  });

  it('is refused, not crashed on, with any bit changed', async () => {
    const bytes = signAnchorRequest(request(), NORTHLIGHT.secret);
    for (let index = 0; index < bytes.length; index += 1) {
      const code = await codeOf(() =>
        verifyAnchorRequest(readAnchorRequest(flipped(bytes, index)), {
          ...expected,
          freshness: fresh(),
        }),
      );
      expect(code).toMatch(/^EXCHANGE_(MALFORMED|BAD_SIGNATURE)$/);
    }
  });

  it('refuses bytes that are nothing of the kind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await codeOf(() => readAnchorRequest(bytes))).toBe('EXCHANGE_MALFORMED');
      }),
    );
  });

  it.each([
    [
      'an unknown version',
      [2, 'northlight', 'gateway-north', [[['mote', 1, 0x0103]]], nonce(1), NOW],
    ],
    ['a missing field', [1, 'northlight', 'gateway-north', [[['mote', 1, 0x0103]]], nonce(1)]],
    [
      'an id that is none',
      [1, 'North Light', 'gateway-north', [[['mote', 1, 0x0103]]], nonce(1), NOW],
    ],
    ['no device', [1, 'northlight', 'gateway-north', [], nonce(1), NOW]],
    ['an empty group', [1, 'northlight', 'gateway-north', [[]], nonce(1), NOW]],
    [
      'a group not full before the last',
      [1, 'northlight', 'gateway-north', [[['a', 1, 0x0103]], [['b', 1, 0x0103]]], nonce(1), NOW],
    ],
    [
      'an epoch out of range',
      [1, 'northlight', 'gateway-north', [[['mote', 2 ** 32, 0x0103]]], nonce(1), NOW],
    ],
    [
      'a short nonce',
      [1, 'northlight', 'gateway-north', [[['mote', 1, 0x0103]]], new Uint8Array(15), NOW],
    ],
    [
      'a time that is text',
      [1, 'northlight', 'gateway-north', [[['mote', 1, 0x0103]]], nonce(1), 'now'],
    ],
  ])('refuses %s', async (_, fields) => {
    const bytes = signMessage('anchor-request', encodeCbor(fields), NORTHLIGHT.secret);
    expect(await codeOf(() => readAnchorRequest(bytes))).toBe('EXCHANGE_MALFORMED');
  });
});

describe('anchor answer', () => {
  const asked = signAnchorRequest(request(130), NORTHLIGHT.secret);
  const answer = signAnchorAnswer(readAnchorRequest(asked), anchorsFor(130), GATEWAY.secret);

  it('gives the anchors in the order of the request', () => {
    expect(openAnchorAnswer(answer, asked, GATEWAY.public)).toEqual(anchorsFor(130));
  });

  it('is refused under another key', async () => {
    expect(await codeOf(() => openAnchorAnswer(answer, asked, HELIOS.public))).toBe(
      'EXCHANGE_BAD_SIGNATURE',
    );
  });

  it('is refused for another request', async () => {
    const other = signAnchorRequest({ ...request(130), nonce: nonce(2) }, NORTHLIGHT.secret);
    expect(await codeOf(() => openAnchorAnswer(answer, other, GATEWAY.public))).toBe(
      'EXCHANGE_MISMATCH',
    );
  });

  it('is not taken from a request: purposes are signed apart', async () => {
    expect(await codeOf(() => openAnchorAnswer(asked, asked, NORTHLIGHT.public))).toBe(
      'EXCHANGE_MALFORMED',
    );
    const payload = encodeCbor([1, new Uint8Array(32), [[[4_096, new Uint8Array(32)]]]]);
    const moved = signMessage('update-answer', payload, GATEWAY.secret);
    expect(await codeOf(() => openAnchorAnswer(moved, asked, GATEWAY.public))).toBe(
      'EXCHANGE_BAD_SIGNATURE',
    );
  });

  it('is not written with too few anchors', () => {
    expect(() => signAnchorAnswer(readAnchorRequest(asked), anchorsFor(2), GATEWAY.secret)).toThrow(
      RangeError,
    );
  });
});
