/** SLH-DSA-SHA2-128s against NIST's ACVP vectors, and what it refuses. */
import { slhDsaKeyPair, slhDsaSign, slhDsaVerify } from '@lamplighter/sdk/crypto';
import { createHash } from 'node:crypto';
import { bytesOf, hexOf, vectorFile, vectorFolders } from './vector-files.ts';

const { vectors } = vectorFile(vectorFolders[0]![1], 'slh-dsa-sha2-128s')!;
const keyGeneration = vectors.find(({ kind }) => kind === 'key')!;
const signing = vectors.find(({ kind }) => kind === 'signature')!;

it('makes the key of ACVP keyGen, tcId 1', () => {
  const seed = bytesOf(keyGeneration.sk_seed! + '00'.repeat(16) + keyGeneration.pk_seed!);
  const { publicKey } = slhDsaKeyPair(seed);
  expect(hexOf(publicKey)).toBe(keyGeneration.pk_seed! + keyGeneration.pk_root!);
});

it('signs as ACVP says, verifies, and refuses what is changed', () => {
  const [publicKey, message] = [bytesOf(signing.public_key), bytesOf(signing.message)];
  const signature = slhDsaSign(bytesOf(signing.secret_key), message);
  expect(createHash('sha256').update(signature).digest('hex')).toBe(signing.signature_sha256);
  expect(slhDsaVerify(publicKey, message, signature)).toBe(true);
  expect(slhDsaVerify(publicKey, message.subarray(1), signature)).toBe(false);
  for (const at of [0, 15, 16, 3000, 7855]) {
    const changed = signature.slice();
    changed[at]! ^= 1;
    expect(slhDsaVerify(publicKey, message, changed)).toBe(false);
  }
  expect(slhDsaVerify(publicKey, message, signature.subarray(1))).toBe(false);
  expect(slhDsaVerify(publicKey.subarray(1), message, signature)).toBe(false);
  const other = publicKey.slice();
  other[20]! ^= 1;
  expect(slhDsaVerify(other, message, signature)).toBe(false);
}, 120_000);

it('checks its arguments', () => {
  expect(() => slhDsaKeyPair(new Uint8Array(47))).toThrow(RangeError);
  expect(() => slhDsaSign(new Uint8Array(63), new Uint8Array(1))).toThrow(RangeError);
});
