/** Keys that a tree makes of a secret are those that RFC 8554 appendix F and RFC 9858 print. */
import { lmsSetOf, lmsVerify } from '@lamplighter/sdk/crypto';
import { LmsTree } from '../../../network/src/management/lms-tree.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Case {
  readonly id: string;
  readonly public_key: string;
  readonly top?: { readonly seed: string; readonly i: string };
}

const { vectors } = JSON.parse(
  readFileSync(join(__dirname, '../../vectors/crypto/hss.json'), 'utf8'),
) as { vectors: readonly Case[] };
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

it.each(vectors.filter(({ top }) => top !== undefined))('$id', async ({ public_key, top }) => {
  const expected = bytes(public_key).subarray(4);
  const set = lmsSetOf(expected)!;
  const tree = await LmsTree.grow(set, { id: bytes(top!.i), seed: bytes(top!.seed) });
  expect(Buffer.from(tree.publicKey).toString('hex')).toBe(public_key.slice(8));
  const message = Buffer.from('one message');
  const last = 2 ** set.height - 1;
  for (const leaf of [0, 1, last]) {
    expect(lmsVerify(expected, message, tree.sign(leaf, message))).toBe(true);
  }
  expect(() => tree.sign(last + 1, message)).toThrow(RangeError);
});
