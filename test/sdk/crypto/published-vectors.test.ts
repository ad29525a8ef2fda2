/**
 * Published vectors (Wycheproof) against the primitives as the protocol uses them. They are not part of this repository:
 * when the folder beside it is missing, there is nothing to run.
 */
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ed25519Verify,
  suiteOf,
  x25519PublicKey,
  x25519SharedSecret,
} from '@lamplighter/sdk/crypto';
import { outcomeOf } from '../refusal.ts';

const folder = join(__dirname, '../../../../shared/vectors');
const suite = suiteOf(0x0103);
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

type Case = Readonly<Record<string, string>> & { readonly tcId: number; readonly size: number };

function cases(name: string): readonly Case[] {
  const file = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { vectors: readonly Case[] };
  return file.vectors;
}

(existsSync(folder) ? describe : describe.skip)('published vectors', () => {
  it('Ed25519: exactly the valid ones verify', () => {
    const accepted = cases('ed25519.json').filter((each) =>
      ed25519Verify(bytes(each.public_key!), bytes(each.message!), bytes(each.signature!)),
    );
    const valid = cases('ed25519.json').filter(({ result }) => result === 'valid');
    expect(accepted.map(({ tcId }) => tcId)).toEqual(valid.map(({ tcId }) => tcId));
  });

  it('X25519: every shared secret, none that is all zero', () => {
    const wrong = cases('x25519.json').filter((each) => {
      const secret = bytes(each.private_key!);
      const outcome = outcomeOf(() => hex(x25519SharedSecret(secret, bytes(each.public_key!))));
      const zero = /^0*$/.test(each.shared_secret!);
      return 'value' in outcome ? zero || outcome.value !== each.shared_secret : !zero;
    });
    expect(wrong).toEqual([]);
    expect(x25519PublicKey(new Uint8Array(32).fill(1))).toHaveLength(32);
  });

  it('HMAC-SHA-256: mac, as far as its whole tag is given', () => {
    const whole = cases('hmac-sha256.json').filter(({ tag }) => tag?.length === 64);
    const right = whole.filter(
      (each) => hex(suite.mac(bytes(each.key!), bytes(each.message!))) === each.tag,
    );
    const valid = whole.filter(({ result }) => result === 'valid');
    expect(right.map(({ tcId }) => tcId)).toEqual(valid.map(({ tcId }) => tcId));
    expect(valid.length).toBeGreaterThan(10);
  });

  it('HKDF-SHA-256: the library below extract and expand', () => {
    const valid = cases('hkdf-sha256.json').filter(({ result }) => result === 'valid');
    const wrong = valid.filter((each) => {
      const prk = extract(sha256, bytes(each.ikm!), bytes(each.salt!));
      return hex(expand(sha256, prk, bytes(each.info!), each.size)) !== each.okm;
    });
    expect(wrong).toEqual([]);
    expect(valid.length).toBeGreaterThan(10);
  });
});
