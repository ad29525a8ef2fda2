/** RSA beside HPKE and Ed25519: chosen by the kind of a node's key, each kind with the other, and small keys refused. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';

import {
  newRsaKeyPair,
  newSealingKeyPair,
  openHandOver,
  sealHandOver,
  type HandOverExpectation,
  type RsaKeyPair,
  type SealingKeyPair,
} from '../../../network/src/exchange/index.ts';
import {
  oaepDecrypt,
  oaepEncrypt,
  pssSign,
  pssVerify,
  rsaPublicKey,
  rsaSecretKey,
} from '../../../network/src/exchange/rsa.ts';
import {
  signMessage,
  splitMessage,
  verifyMessage,
} from '../../../network/src/exchange/signed-message.ts';
import { encodeSigned } from '@lamplighter/sdk/wire';
import { newEd25519Signer, signEnvelope } from '@lamplighter/sdk/crypto';
import { bytesOf, hexOf, vectorFile, vectorFolders } from '../../sdk/crypto/vector-files.ts';
import { codeOf } from '../code-of.ts';
import { flipped, HELIOS, NORTHLIGHT } from './parties.ts';

const subject = { vendor: 'northlight', manager: 'gateway-north', device: 'mote-1', serial: 0 };
const payload = new Uint8Array([1, 2, 3]);
const digest = new Uint8Array(createHash('sha256').update(payload).digest());
const handOver = {
  envelope: encodeSigned(signEnvelope('assignment', payload, newEd25519Signer(NORTHLIGHT.secret))),
  psk: new Uint8Array(32).fill(9),
  fti: 10,
  rti: 2,
  uti: 15,
  formerKids: [new Uint8Array(16).fill(2)],
};

let vendor: RsaKeyPair;
let manager: RsaKeyPair;
let hpke: SealingKeyPair;

beforeAll(async () => {
  [vendor, manager, hpke] = await Promise.all([
    newRsaKeyPair(),
    newRsaKeyPair(),
    newSealingKeyPair(),
  ]);
}, 120_000);

interface Kinds {
  readonly sealing: { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array };
  readonly signing: { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array };
}

function kinds(): readonly Kinds[] {
  const ed25519 = { publicKey: NORTHLIGHT.public, secretKey: NORTHLIGHT.secret };
  return [manager, hpke].flatMap((sealing) =>
    [vendor, ed25519].map((signing) => ({ sealing, signing })),
  );
}

async function handedOver({ sealing, signing }: Kinds): Promise<[Uint8Array, HandOverExpectation]> {
  const keys = { sealingKey: sealing.publicKey, releaseKey: signing.secretKey };
  const bytes = await sealHandOver(subject, handOver, keys);
  const sealingSecretKey = sealing.secretKey;
  return [bytes, { ...subject, sealingSecretKey, vendorKey: signing.publicKey, digest }];
}

it('hands over under every pair of kinds of key', async () => {
  for (const each of kinds()) {
    const [bytes, expected] = await handedOver(each);
    expect(await openHandOver(bytes, expected)).toEqual(handOver);
  }
});

it('opens with no other key, of either kind', async () => {
  const other = await newRsaKeyPair();
  const [bytes, expected] = await handedOver({ sealing: manager, signing: vendor });
  const open = (changed: Partial<HandOverExpectation>): (() => unknown) => {
    return () => openHandOver(bytes, { ...expected, ...changed });
  };
  const unsealing = 'EXCHANGE_UNSEALING_FAILED';
  expect(await codeOf(open({ sealingSecretKey: other.secretKey }))).toBe(unsealing);
  expect(await codeOf(open({ sealingSecretKey: hpke.secretKey }))).toBe(unsealing);
  expect(await codeOf(open({ vendorKey: other.publicKey }))).toBe('EXCHANGE_BAD_SIGNATURE');
  expect(await codeOf(open({ vendorKey: HELIOS.public }))).toBe('EXCHANGE_BAD_SIGNATURE');
  const [raw, expectedRaw] = await handedOver({ sealing: hpke, signing: vendor });
  const wrong = { ...expectedRaw, sealingSecretKey: manager.secretKey };
  expect(await codeOf(() => openHandOver(raw, wrong))).toBe(unsealing);
}, 60_000);

it('refuses every bit that is changed', async () => {
  const [bytes, expected] = await handedOver({ sealing: manager, signing: vendor });
  for (let at = 0; at < bytes.length; at += 97) {
    const code = await codeOf(() => openHandOver(flipped(bytes, at), expected));
    expect(['EXCHANGE_BAD_SIGNATURE', 'EXCHANGE_MALFORMED']).toContain(code);
  }
});

it('seals for one label and one associated text', () => {
  const [secretKey, publicKey] = [rsaSecretKey(manager.secretKey), rsaPublicKey(manager.publicKey)];
  const sealed = oaepEncrypt(publicKey, Buffer.from('one'), payload);
  expect(oaepDecrypt(secretKey, Buffer.from('one'), sealed)).toEqual(payload);
  expect(() => oaepDecrypt(secretKey, Buffer.from('other'), sealed)).toThrow(/oaep|decod/i);
});

it('keeps a signature to its purpose', async () => {
  const signed = signMessage('fetch', payload, vendor.secretKey);
  const split = splitMessage('fetch', signed, (bytes) => bytes);
  expect(verifyMessage('fetch', split, vendor.publicKey)).toEqual(payload);
  const elsewhere = await codeOf(() => verifyMessage('assignment', split, vendor.publicKey));
  expect(elsewhere).toBe('EXCHANGE_BAD_SIGNATURE');
});

it('refuses keys that are small, of another kind or none', async () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const smallPublic = new Uint8Array(small.publicKey.export({ type: 'spki', format: 'der' }));
  const smallSecret = new Uint8Array(small.privateKey.export({ type: 'pkcs8', format: 'der' }));
  const curve = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' });
  const refused = 'EXCHANGE_KEY_REFUSED';
  for (const key of [smallPublic, new Uint8Array(curve), new Uint8Array(31), new Uint8Array(0)]) {
    const keys = { sealingKey: key, releaseKey: NORTHLIGHT.secret };
    expect(await codeOf(() => sealHandOver(subject, handOver, keys))).toBe(refused);
  }
  expect(await codeOf(() => signMessage('fetch', payload, smallSecret))).toBe(refused);
  expect(await codeOf(() => newRsaKeyPair(2048))).toBe(refused);
  expect(await codeOf(() => newRsaKeyPair(16_384))).toBe(refused);
});

const full = vectorFolders.filter(([kind]) => kind === 'full');
(full.length > 0 ? describe : describe.skip)('Wycheproof, 2048 bits', () => {
  const folder = full[0]?.[1] ?? '';

  it('RSA-PSS: exactly the valid ones verify, below the check of the size', () => {
    const { common, vectors } = vectorFile(folder, 'rsa-pss-2048-sha256')!;
    const der = Buffer.from(bytesOf(common!.public_key_asn));
    const key = createPublicKey({ key: der, format: 'der', type: 'pkcs1' });
    const accepted = vectors.filter((each) =>
      pssVerify(key, bytesOf(each.message), bytesOf(each.signature)),
    );
    expect(accepted.filter(({ result }) => result !== 'acceptable')).toEqual(
      vectors.filter(({ result }) => result === 'valid'),
    );
    process.stdout.write(`full vectors, rsa-pss-2048-sha256: ${vectors.length}\n`);
  });

  it('RSA-OAEP: exactly the valid ones open, below the check of the size', async () => {
    const { common, vectors } = vectorFile(folder, 'rsa-oaep-2048-sha256')!;
    const der = Buffer.from(bytesOf(common!.private_key_pkcs8));
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const wrong = vectors.filter(({ ciphertext, label, plaintext, result }) => {
      try {
        const text = oaepDecrypt(key, bytesOf(label ?? ''), bytesOf(ciphertext));
        return result !== 'valid' || hexOf(text) !== plaintext;
      } catch {
        return result === 'valid';
      }
    });
    expect(wrong).toEqual([]);
    expect(await codeOf(() => rsaSecretKey(der))).toBe('EXCHANGE_KEY_REFUSED');
    process.stdout.write(`full vectors, rsa-oaep-2048-sha256: ${vectors.length}\n`);
  });

  it('signs what it verifies', () => {
    const signature = pssSign(rsaSecretKey(vendor.secretKey), payload);
    expect(pssVerify(rsaPublicKey(vendor.publicKey), payload, signature)).toBe(true);
    expect(pssVerify(rsaPublicKey(vendor.publicKey), payload, flipped(signature, 5))).toBe(false);
  });
});
