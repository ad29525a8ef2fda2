import { createHash } from 'node:crypto';

import { newEd25519Signer, signEnvelope } from '@lamplighter/sdk/crypto';
import { encodeSigned } from '@lamplighter/sdk/wire';

import {
  newSealingKeyPair,
  openHandOver,
  sealHandOver,
  type HandOverExpectation,
  type SealingKeyPair,
} from '../../../network/src/exchange/index.ts';
import { codeOf } from '../code-of.ts';
import { flipped, HELIOS, NORTHLIGHT } from './parties.ts';

const subject = {
  vendor: 'northlight',
  manager: 'gateway-north',
  device: 'mote-1',
  serial: 0,
};
const payload = new Uint8Array([1, 2, 3]);
const envelope = encodeSigned(
  signEnvelope('assignment', payload, newEd25519Signer(NORTHLIGHT.secret)),
);
const handOver = {
  envelope,
  psk: new Uint8Array(32).fill(9),
  fti: 10,
  rti: 2,
  uti: 15,
  formerKids: [new Uint8Array(16).fill(2), new Uint8Array(16).fill(1)],
};

let own: SealingKeyPair;
let other: SealingKeyPair;
let bytes: Uint8Array;
let expected: HandOverExpectation;

beforeAll(async () => {
  own = await newSealingKeyPair();
  other = await newSealingKeyPair();
  const keys = { sealingKey: own.publicKey, releaseKey: NORTHLIGHT.secret };
  bytes = await sealHandOver(subject, handOver, keys);
  expected = {
    ...subject,
    sealingSecretKey: own.secretKey,
    vendorKey: NORTHLIGHT.public,
    digest: new Uint8Array(createHash('sha256').update(payload).digest()),
  };
});

describe('assignment hand-over', () => {
  it('opens for the manager that it is sealed to', async () => {
    expect(await openHandOver(bytes, expected)).toEqual(handOver);
  });

  it('does not show the psk or the envelope', () => {
    const text = Buffer.from(bytes).toString('hex');
    expect(text).not.toContain(Buffer.from(handOver.psk).toString('hex'));
    expect(text).not.toContain(Buffer.from(envelope).toString('hex'));
  });

  it.each<[string, () => Partial<HandOverExpectation>, string]>([
    ['another vendor key', () => ({ vendorKey: HELIOS.public }), 'EXCHANGE_BAD_SIGNATURE'],
    ['another manager', () => ({ manager: 'gateway-south' }), 'EXCHANGE_WRONG_RECIPIENT'],
    ['another device', () => ({ device: 'mote-2' }), 'EXCHANGE_MISMATCH'],
    ['another serial', () => ({ serial: 1 }), 'EXCHANGE_MISMATCH'],
    ['another vendor', () => ({ vendor: 'helios' }), 'EXCHANGE_MISMATCH'],
    [
      'another sealing key',
      () => ({ sealingSecretKey: other.secretKey }),
      'EXCHANGE_UNSEALING_FAILED',
    ],
    [
      'another digest on the ledger',
      () => ({ digest: new Uint8Array(32) }),
      'EXCHANGE_DIGEST_MISMATCH',
    ],
  ])('is refused with %s', async (_, change, code) => {
    expect(await codeOf(() => openHandOver(bytes, { ...expected, ...change() }))).toBe(code);
  });

  it('does not open when sealed text is moved into another relation', async () => {
    // A vendor that lies about whom it sealed for: the name is in HPKE's info.
    const keys = { sealingKey: own.publicKey, releaseKey: NORTHLIGHT.secret };
    const elsewhere = await sealHandOver({ ...subject, manager: 'gateway-south' }, handOver, keys);
    const there = { ...expected, manager: 'gateway-south' };
    expect(await openHandOver(elsewhere, there)).toEqual(handOver);
    expect(await codeOf(() => openHandOver(elsewhere, expected))).toBe('EXCHANGE_WRONG_RECIPIENT');
  });

  it('is refused, not crashed on, with any byte changed', async () => {
    for (let index = 0; index < bytes.length; index += 7) {
      const code = await codeOf(() => openHandOver(flipped(bytes, index), expected));
      expect(code).toMatch(/^EXCHANGE_(MALFORMED|BAD_SIGNATURE)$/);
    }
  });

  it('refuses an envelope that does not decode', async () => {
    const keys = { sealingKey: own.publicKey, releaseKey: NORTHLIGHT.secret };
    const broken = await sealHandOver(subject, { ...handOver, envelope: payload }, keys);
    expect(await codeOf(() => openHandOver(broken, expected))).toBe('EXCHANGE_MALFORMED');
  });

  it('is not sealed to a key of no kind', async () => {
    const keys = { sealingKey: new Uint8Array(31), releaseKey: NORTHLIGHT.secret };
    const code = await codeOf(() => sealHandOver(subject, handOver, keys));
    expect(code).toBe('EXCHANGE_KEY_REFUSED');
  });
});
