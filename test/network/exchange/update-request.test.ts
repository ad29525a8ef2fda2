import { createHash } from 'node:crypto';

import { encodeCbor } from '@lamplighter/sdk/wire';

import {
  newSealingKeyPair,
  openUpdateAnswer,
  readUpdateRequest,
  sealUpdateAnswer,
  signUpdateRequest,
  verifyUpdateRequest,
  type SealingKeyPair,
  type UpdateAnswer,
  type UpdateRequest,
} from '../../../network/src/exchange/index.ts';
import { seal } from '../../../network/src/exchange/sealing.ts';
import { signMessage } from '../../../network/src/exchange/signed-message.ts';
import { codeOf } from '../code-of.ts';
import { flipped, fresh, GATEWAY, HELIOS, nonce, NORTHLIGHT, NOW } from './parties.ts';

const request: UpdateRequest = {
  manager: 'gateway-north',
  vendor: 'northlight',
  device: 'prime-1',
  model: 'prime',
  gen: 1,
  seq: 2,
  sha256: new Uint8Array(32).fill(4),
  nonce: nonce(3),
  time: NOW,
};
const RELEASE: UpdateAnswer = {
  type: 'release',
  release: new Uint8Array(32).fill(6),
  envelope: new Uint8Array(300).fill(7),
};
const asked = signUpdateRequest(request, GATEWAY.secret);
const expected = { managerKey: GATEWAY.public, vendor: 'northlight' };

let own: SealingKeyPair;
let other: SealingKeyPair;
beforeAll(async () => {
  own = await newSealingKeyPair();
  other = await newSealingKeyPair();
});
const answerWith = (answer: UpdateAnswer): Promise<Uint8Array> => {
  const keys = { sealingKey: own.publicKey, releaseKey: NORTHLIGHT.secret };
  return sealUpdateAnswer(readUpdateRequest(asked), answer, keys);
};

describe('update request', () => {
  it('comes through', () => {
    const all = { ...expected, freshness: fresh() };
    expect(verifyUpdateRequest(readUpdateRequest(asked), all)).toEqual(request);
  });

  it.each([
    ['another key', { managerKey: HELIOS.public }, 'EXCHANGE_BAD_SIGNATURE'],
    ['another vendor', { vendor: 'helios' }, 'EXCHANGE_WRONG_RECIPIENT'],
    ['a stale time', { freshness: fresh(NOW + 301) }, 'EXCHANGE_STALE'],
  ])('is refused with %s', async (_, change, code) => {
    const all = { ...expected, freshness: fresh(), ...change };
    expect(await codeOf(() => verifyUpdateRequest(readUpdateRequest(asked), all))).toBe(code);
  });

  it('is refused when it comes again', async () => {
    const all = { ...expected, freshness: fresh() };
    verifyUpdateRequest(readUpdateRequest(asked), all);
    expect(await codeOf(() => verifyUpdateRequest(readUpdateRequest(asked), all))).toBe(
      'EXCHANGE_REPLAYED',
    );
  });

  it.each(['', 'A', '-a', 'a b', 'a'.repeat(64)])('refuses "%s" for an id', async (id) => {
    const bytes = signUpdateRequest({ ...request, device: id }, GATEWAY.secret);
    expect(await codeOf(() => readUpdateRequest(bytes))).toBe('EXCHANGE_MALFORMED');
  });
});

describe('update answer', () => {
  it.each<[string, UpdateAnswer]>([
    ['"current"', { type: 'current' }],
    ['a release', RELEASE],
  ])('says %s', async (_, answer) => {
    const keys = { vendorKey: NORTHLIGHT.public, sealingSecretKey: own.secretKey };
    expect(await openUpdateAnswer(await answerWith(answer), asked, keys)).toEqual(answer);
  });

  it.each<[string, () => object, string]>([
    ['another vendor key', () => ({ vendorKey: HELIOS.public }), 'EXCHANGE_BAD_SIGNATURE'],
    [
      'another sealing key',
      () => ({ sealingSecretKey: other.secretKey }),
      'EXCHANGE_UNSEALING_FAILED',
    ],
  ])('is refused with %s', async (_, change, code) => {
    const keys = { vendorKey: NORTHLIGHT.public, sealingSecretKey: own.secretKey, ...change() };
    const bytes = await answerWith(RELEASE);
    expect(await codeOf(() => openUpdateAnswer(bytes, asked, keys))).toBe(code);
  });

  it('is refused for another request, so an old "current" hides no release', async () => {
    const keys = { vendorKey: NORTHLIGHT.public, sealingSecretKey: own.secretKey };
    const later = signUpdateRequest({ ...request, nonce: nonce(4) }, GATEWAY.secret);
    const bytes = await answerWith({ type: 'current' });
    expect(await codeOf(() => openUpdateAnswer(bytes, later, keys))).toBe('EXCHANGE_MISMATCH');
  });

  it('is refused with any byte changed', async () => {
    const keys = { vendorKey: NORTHLIGHT.public, sealingSecretKey: own.secretKey };
    const bytes = await answerWith({ type: 'current' });
    for (let index = 0; index < bytes.length; index += 5) {
      const code = await codeOf(() => openUpdateAnswer(flipped(bytes, index), asked, keys));
      expect(code).toMatch(/^EXCHANGE_(MALFORMED|BAD_SIGNATURE)$/);
    }
  });

  it.each([
    ['an unknown kind', [1, 2]],
    ['a kind that does not fit its length', [1, 1]],
    ['a release without an envelope', [1, 1, new Uint8Array(32), new Uint8Array(0)]],
    ['a kind that does not fit its fields', [1, 0, new Uint8Array(32), new Uint8Array(1)]],
  ])('refuses %s', async (_, fields) => {
    const digest = readDigest();
    const context = {
      purpose: 'update-answer',
      sender: 'northlight',
      recipient: 'gateway-north',
      associated: digest,
    };
    const sealed = await seal(context, own.publicKey, encodeCbor(fields));
    const payload = encodeCbor([1, digest, sealed.enc, sealed.ciphertext]);
    const bytes = signMessage('update-answer', payload, NORTHLIGHT.secret);
    const keys = { vendorKey: NORTHLIGHT.public, sealingSecretKey: own.secretKey };
    expect(await codeOf(() => openUpdateAnswer(bytes, asked, keys))).toBe('EXCHANGE_MALFORMED');
  });
});

function readDigest(): Uint8Array {
  return new Uint8Array(createHash('sha256').update(readUpdateRequest(asked).payload).digest());
}
