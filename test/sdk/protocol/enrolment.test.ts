import {
  ed25519PublicKey,
  macEnvelope,
  newEd25519Signer,
  nextKv,
  pskOf,
  signEnvelope,
  vendorMacKey,
  type VendorTrust,
} from '@lamplighter/sdk/crypto';
import { enrol, manageEpoch } from '@lamplighter/sdk/protocol';
import { encodeAssignment, encodeSigned, type Assignment } from '@lamplighter/sdk/wire';
import { refusalOf } from '../refusal.ts';
import {
  assignmentOf,
  CHAIN_SEED,
  enrolPair,
  filled,
  KV0,
  lightweight,
  VENDOR_SECRET,
} from './session-fixture.ts';

const trust: VendorTrust = {
  kind: 'signature',
  threshold: 1,
  keys: [ed25519PublicKey(VENDOR_SECRET)],
};
const signer = newEd25519Signer(VENDOR_SECRET);
const signed = (assignment: Assignment): Uint8Array =>
  encodeSigned(signEnvelope('assignment', encodeAssignment(assignment), signer));
const held = { kv: KV0, kvN: 0 };
const smallOrder = new Uint8Array(32);
const hss = { class: 1, mauth: 3, mkey: new Uint8Array(52) } as const;

describe('enrol', () => {
  it('gives both ends the same keys', () => {
    for (const assignment of [assignmentOf(), lightweight()]) {
      const { device, managed } = enrolPair(assignment);
      expect(device.en).toEqual(managed.en);
      expect(device.kHello).toEqual(managed.kHello);
      expect(device.generation).toEqual(managed.generation);
      expect(device.ctr).toBe(0);
    }
  });

  it('keeps kv one step past the serial, and leaves the one given', () => {
    const kv = KV0.slice();
    const later = assignmentOf({ serial: 2, epoch: 5 });
    const enrolled = enrol({ kv, kvN: 0 }, signed(later), trust, 'lamp-1', 4);
    expect(enrolled.kvN).toBe(3);
    expect(enrolled.kv).toEqual(nextKv(nextKv(nextKv(KV0))));
    expect(kv).toEqual(KV0);
    const payload = encodeAssignment(later);
    const managed = manageEpoch(payload, pskOf(nextKv(nextKv(KV0)), payload));
    expect(managed.kHello).toEqual(enrolled.epoch.kHello);
  });

  it('begins a chain at its anchor', () => {
    expect(enrolPair(lightweight()).device.chain).toMatchObject({ index: 0 });
    expect(enrolPair().device.chain).toBeNull();
  });

  it.each([
    ['another device', signed(assignmentOf({ idD: 'lamp-2' })), 'ENROLMENT_WRONG_DEVICE'],
    ['a retirement', signed(assignmentOf({ op: 1 })), 'ENROLMENT_RETIRED'],
    ['an epoch that is not higher', signed(assignmentOf({ epoch: 1 })), 'ENROLMENT_EPOCH_NOT_NEW'],
    [
      'a suite of a later version',
      signed(assignmentOf({ suite: 0x0205, epoch: 2 })),
      'ENROLMENT_NOT_SUPPORTED',
    ],
    [
      'a suite of the other class',
      signed(assignmentOf({ suite: 0x0202, epoch: 2 })),
      'ENROLMENT_NOT_SUPPORTED',
    ],
    [
      'a tree of other parameters',
      signed(assignmentOf({ ...hss, epoch: 2 })),
      'ENROLMENT_NOT_SUPPORTED',
    ],
    [
      'a manager key of small order',
      signed(assignmentOf({ mkey: smallOrder, epoch: 2 })),
      'ENROLMENT_REFUSED',
    ],
    [
      'a device key of small order',
      signed(assignmentOf({ dkey: smallOrder, epoch: 2 })),
      'ENROLMENT_REFUSED',
    ],
    ['bytes that are no envelope', filled(0, 9), 'ENROLMENT_REFUSED'],
    [
      'a payload that is no assignment',
      encodeSigned(signEnvelope('assignment', filled(0, 9), signer)),
      'ENROLMENT_REFUSED',
    ],
    [
      'another domain',
      encodeSigned(signEnvelope('release', encodeAssignment(assignmentOf({ epoch: 2 })), signer)),
      'ENROLMENT_REFUSED',
    ],
    [
      "another vendor's signature",
      encodeSigned(
        signEnvelope('assignment', encodeAssignment(assignmentOf()), newEd25519Signer(filled(9))),
      ),
      'ENROLMENT_REFUSED',
    ],
  ])('refuses %s', (_, envelope, code) => {
    expect(refusalOf(() => enrol(held, envelope, trust, 'lamp-1', 1))).toEqual({
      code,
      closeCode: 4402,
    });
  });

  it.each([
    ['a serial it has used', { kv: KV0, kvN: 4 }, 3],
    ['a serial more than 1024 ahead', held, 1025],
  ])('refuses %s', (_, key, serial) => {
    const envelope = signed(assignmentOf({ serial }));
    expect(refusalOf(() => enrol(key, envelope, trust, 'lamp-1'))).toEqual({
      code: 'ENROLMENT_REFUSED',
      closeCode: 4402,
    });
  });

  it("refuses a MAC under another device's key", () => {
    const payload = encodeAssignment(lightweight());
    const envelope = encodeSigned(macEnvelope('assignment', payload, vendorMacKey(KV0, 'soil-2')));
    const own: VendorTrust = { kind: 'mac', kvm: vendorMacKey(KV0, 'soil-1') };
    expect(refusalOf(() => enrol(held, envelope, own, 'soil-1')).code).toBe('ENROLMENT_REFUSED');
  });
});

describe('manageEpoch', () => {
  const psk = filled(1);

  it('refuses a chain seed that does not lead to the anchor', () => {
    const payload = encodeAssignment(lightweight());
    expect(refusalOf(() => manageEpoch(payload, psk, filled(9))).code).toBe(
      'CHAIN_ANCHOR_MISMATCH',
    );
    expect(() => manageEpoch(payload, psk)).toThrow(RangeError);
    expect(manageEpoch(payload, psk, CHAIN_SEED).chain).toEqual({
      seed: CHAIN_SEED,
      highestSent: 0,
    });
  });

  it('refuses a psk of another length, a retirement, and bytes that are no assignment', () => {
    const payload = encodeAssignment(assignmentOf());
    expect(() => manageEpoch(payload, filled(1, 31))).toThrow(RangeError);
    const retired = encodeAssignment(assignmentOf({ op: 1 }));
    expect(refusalOf(() => manageEpoch(retired, psk)).code).toBe('ENROLMENT_RETIRED');
    expect(refusalOf(() => manageEpoch(filled(0, 3), psk)).code).toBe('CBOR_TRAILING_BYTES');
  });
});
