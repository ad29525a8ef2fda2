import { randomBytes } from 'node:crypto';

import type { ModelRecord, ReleaseRecord } from '@lamplighter/chaincode';
import { newEd25519Signer } from '@lamplighter/sdk/crypto';
import { decodeSigned } from '@lamplighter/sdk/wire';

import { deviceEnvelope, reviewRelease, signRelease } from '../../../network/src/vendor/release.ts';
import { codeOf } from '../code-of.ts';
import { flipped, HELIOS, NORTHLIGHT, NOW } from '../exchange/parties.ts';

const image = new Uint8Array(randomBytes(3_000));
const text = {
  vendor: 'northlight',
  model: 'prime',
  gen: 1,
  seq: 2,
  version: '2.0.0',
  chunkLog2: 10,
  expiry: NOW + 1_000,
  component: ['firmware', 0] as const,
};
const model: ModelRecord = {
  docType: 'model',
  schema: 1,
  id: 'prime',
  vendor: 'northlight',
  kind: 'end',
  slotBytes: 3_000,
  approvals: 1,
  time: '2026-11-22T00:00:00.000Z',
};

function recordOf(change: Partial<ReleaseRecord> = {}, key = NORTHLIGHT.secret): ReleaseRecord {
  const { id, manifest, envelope } = signRelease(text, image, newEd25519Signer(key));
  return {
    docType: 'release',
    schema: 1,
    id,
    vendor: 'northlight',
    model: 'prime',
    firmware: {
      gen: 1,
      sequence: 2,
      version: '2.0.0',
      size: image.length,
      sha256: Buffer.from(manifest.sha256).toString('hex'),
    },
    envelope: Buffer.from(envelope).toString('hex'),
    url: 'http://127.0.0.1:1',
    propagate: true,
    state: 'published',
    approvals: [],
    reason: '',
    time: '2026-11-22T00:00:00.000Z',
    ...change,
  };
}

const against = { vendorKey: NORTHLIGHT.public, model, image, now: NOW };

describe('review of a release', () => {
  it('finds a right one right', () => {
    expect(reviewRelease(recordOf(), against)).toMatchObject({ ...text, size: 3_000, format: 0 });
  });

  const { firmware } = recordOf();
  it.each<[string, ReleaseRecord, object]>([
    ['a signature by another key', recordOf({}, HELIOS.secret), {}],
    ['another key on the ledger', recordOf(), { vendorKey: HELIOS.public }],
    ['a key on the ledger that is none', recordOf(), { vendorKey: new Uint8Array(32) }],
    ['an envelope that does not decode', recordOf({ envelope: '00' }), {}],
    ['an id that is not of the manifest', recordOf({ id: '00'.repeat(32) }), {}],
    ['another vendor on the ledger', recordOf({ vendor: 'helios' }), {}],
    ['another model on the ledger', recordOf({ model: 'mote' }), {}],
    ['a model of another vendor', recordOf(), { model: { ...model, vendor: 'helios' } }],
    ['a slot too small', recordOf(), { model: { ...model, slotBytes: 2_999 } }],
    ['another version on the ledger', recordOf({ firmware: { ...firmware, version: '3' } }), {}],
    ['another sequence on the ledger', recordOf({ firmware: { ...firmware, sequence: 3 } }), {}],
    ['another gen on the ledger', recordOf({ firmware: { ...firmware, gen: 0 } }), {}],
    ['an expired manifest', recordOf(), { now: NOW + 1_000 }],
    ['an image with one bit flipped', recordOf(), { image: flipped(image, 2_999) }],
    ['an image cut short', recordOf(), { image: image.subarray(1) }],
    ['an image too long', recordOf(), { image: Buffer.concat([image, Buffer.alloc(1)]) }],
  ])('refuses %s', async (_, record, change) => {
    expect(await codeOf(() => reviewRelease(record, { ...against, ...change }))).toBe(
      'RELEASE_REFUSED',
    );
  });
});

describe('envelope of class L', () => {
  const keys = { vendorKey: NORTHLIGHT.public, kvm: new Uint8Array(32).fill(3) };

  it('carries the same manifest under one MAC', () => {
    const record = recordOf({ state: 'approved' });
    const signed = decodeSigned(deviceEnvelope(record, keys));
    const original = decodeSigned(new Uint8Array(Buffer.from(record.envelope, 'hex')));
    expect(signed.payload).toEqual(original.payload);
    expect(signed.signatures.map(({ alg }) => alg)).toEqual([3]);
  });

  it.each<[string, ReleaseRecord, string]>([
    ['one that waits for approval', recordOf(), 'RELEASE_NOT_APPROVED'],
    ['a withdrawn one', recordOf({ state: 'withdrawn' }), 'RELEASE_NOT_APPROVED'],
    ['one that it did not sign', recordOf({ state: 'approved' }, HELIOS.secret), 'RELEASE_REFUSED'],
  ])('is not made for %s', async (_, record, code) => {
    expect(await codeOf(() => deviceEnvelope(record, keys))).toBe(code);
  });
});
