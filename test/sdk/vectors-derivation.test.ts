/**
 * The vectors against a second implementation: HKDF, HMAC, SHA-256, ChaCha20-Poly1305, X25519 and Ed25519 of Node, with the
 * formulas of docs/protocol.md written out once more.
 */
import {
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  sign,
  verify,
  type CipherGCMTypes,
  type KeyObject,
} from 'node:crypto';
import { hssVerify } from '@lamplighter/sdk/crypto';
import { vectors, type HandshakeVector } from './vectors-file.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const ascii = (text: string): Buffer => Buffer.from(text, 'ascii');
const u8 = (value: number): Buffer => Buffer.from([value]);
const EMPTY = Buffer.alloc(0);
/** Number of levels below, leaf, codes, randomizer, 51 chains and 5 nodes of 24 bytes (RFC 8554 §6). */
const TREE_PROOF_BYTES = 4 + 4 + 4 + 24 + 51 * 24 + 4 + 5 * 24;

function be(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes.subarray(8 - length);
}

function H(...parts: readonly Buffer[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}

function hmac(key: Buffer, ...parts: readonly Buffer[]): Buffer {
  return createHmac('sha256', key).update(Buffer.concat(parts)).digest();
}

/** Expand of §4 by RFC 5869 §2.3. */
function expand(key: Buffer, label: string, context: Buffer, length: number): Buffer {
  const l = ascii(`lamplighter.v1 ${label}`);
  const info = Buffer.concat([be(length, 2), u8(l.length), l, u8(context.length), context]);
  let [block, out] = [EMPTY, EMPTY];
  for (let at = 1; out.length < length; at += 1) {
    block = hmac(key, block, info, u8(at)) as Buffer<ArrayBuffer>;
    out = Buffer.concat([out, block]);
  }
  return out.subarray(0, length);
}

function open(key: Buffer, nonce: Buffer, ad: Buffer, sealed: Buffer): Buffer {
  const name = 'chacha20-poly1305' as CipherGCMTypes;
  const cipher = createDecipheriv(name, key, nonce, { authTagLength: 16 });
  cipher.setAAD(ad, { plaintextLength: sealed.length - 16 });
  cipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]);
}

function privateKey(kind: 'ed25519' | 'x25519', secret: string): KeyObject {
  const head = kind === 'ed25519' ? '302e020100300506032b6570' : '302e020100300506032b656e';
  return createPrivateKey({
    key: hex(`${head}04220420${secret}`),
    format: 'der',
    type: 'pkcs8',
  });
}

/** Contents of the byte strings of a frame [type, ...bstr], read by hand. */
function byteStrings(frame: Buffer): Buffer[] {
  const found: Buffer[] = [];
  let at = 2;
  while (at < frame.length) {
    const info = (frame[at] ?? 0) & 31;
    const size = info < 24 ? 0 : 2 ** (info - 24);
    const length = size === 0 ? info : frame.readUIntBE(at + 1, size);
    at += 1 + size;
    found.push(frame.subarray(at, at + length));
    at += length;
  }
  return found;
}

const { inputs } = vectors;
const kv0 = hex(inputs.kv0);
const enrolments = new Map(vectors.enrolment.map((each) => [each.name, each]));

describe('functions of the suite', () => {
  it('are HKDF, HMAC and ChaCha20-Poly1305', () => {
    for (const { salt, ikm, out } of vectors.functions.extract) {
      expect(hmac(hex(salt), hex(ikm)).toString('hex')).toBe(out);
    }
    for (const { key, label, context, length, out } of vectors.functions.expand) {
      expect(expand(hex(key), label, hex(context), length).toString('hex')).toBe(out);
    }
    for (const { key, message, out } of vectors.functions.mac) {
      expect(hmac(hex(key), hex(message)).toString('hex')).toBe(out);
    }
    for (const { key, nonce, ad, text, sealed } of vectors.functions.seal) {
      expect(open(hex(key), hex(nonce), hex(ad), hex(sealed)).toString('hex')).toBe(text);
    }
  });
});

describe.each(vectors.enrolment)('enrolment of $name', (vector) => {
  it('derives by §2.1, §2.2 and §3.2', () => {
    const payload = hex(vector.payload);
    expect(expand(kv0, 'kv next', EMPTY, 32).toString('hex')).toBe(vector.kv1);
    const psk = expand(kv0, 'psk', H(payload), 32);
    expect(psk.toString('hex')).toBe(vector.psk);
    const en = H(ascii('lamplighter.v1 enrolment'), payload);
    expect(en.toString('hex')).toBe(vector.en);
    const root = hmac(ascii('lamplighter.v1 psk'), psk);
    expect(expand(root, 'hello', en, 32).toString('hex')).toBe(vector.kHello);
    let kg = expand(root, 'gen', en, 32);
    for (const expected of vector.generations) {
      expect(kg.toString('hex')).toBe(expected);
      kg = expand(kg, 'next', EMPTY, 32);
    }
  });

  it('has the signed payload inside its envelope, and the vendor under it', () => {
    const payload = hex(vector.payload);
    const envelope = hex(vector.envelope);
    expect(envelope.includes(payload)).toBe(true);
    const message = Buffer.concat([ascii('lamplighter.v1 assignment'), u8(0), payload]);
    const id = ascii(String(vector.assignment.idD));
    const sig =
      vector.assignment.class === 0
        ? sign(null, message, privateKey('ed25519', inputs.vendorSecret))
        : hmac(expand(kv0, 'vendor mac', id, 32), message);
    expect(envelope.subarray(-sig.length).equals(sig)).toBe(true);
  });
});

/** §3.2 from the frames and the injected secrets alone. */
function derive(vector: HandshakeVector): Record<string, Buffer> {
  const enrolment = enrolments.get(vector.device)!;
  const en = hex(enrolment.en);
  let kg = hex(enrolment.generations[0] ?? '');
  for (let g = 0; g < Math.floor(vector.ctr / 16); g += 1) kg = expand(kg, 'next', EMPTY, 32);
  const [acceptCore = EMPTY, acceptSealed = EMPTY] = byteStrings(hex(vector.accept));
  const [finishSealed = EMPTY] = byteStrings(hex(vector.finish));
  const h1 = H(en, hex(vector.hello));
  const h2 = H(h1, acceptCore);
  const h3 = H(h2, acceptSealed);
  const h4 = H(h3, finishSealed);
  const z =
    enrolment.assignment.class === 0 && vector.rs === undefined
      ? diffieHellman({
          privateKey: privateKey('x25519', inputs.deviceEphemeral),
          publicKey: createPublicKey(privateKey('x25519', inputs.managerEphemeral)),
        })
      : EMPTY;
  const s =
    vector.rs === undefined ? hmac(kg, z) : hmac(expand(hex(vector.rs), 'gen', en, 32), EMPTY);
  const ka = expand(s, 'accept key', h2, 32);
  const na = expand(s, 'accept iv', h2, 12);
  const kf = expand(s, 'finish key', h3, 32);
  const nf = expand(s, 'finish iv', h3, 12);
  const ms = expand(s, 'session', h4, 32);
  const m2dT0 = expand(ms, 'm2d', h4, 32);
  const d2mT0 = expand(ms, 'd2m', h4, 32);
  return {
    ...{ kg, h1, h2, h3, h4, z, s, ka, na, kf, nf, ms, m2dT0, d2mT0, acceptCore },
    m2dKey0: expand(m2dT0, 'key', be(0, 4), 32),
    m2dIv0: expand(m2dT0, 'iv', be(0, 4), 12),
    d2mKey0: expand(d2mT0, 'key', be(0, 4), 32),
    d2mIv0: expand(d2mT0, 'iv', be(0, 4), 12),
    acceptBody: open(ka, na, h2, acceptSealed),
    finishBody: open(kf, nf, h3, finishSealed),
  };
}

describe.each(vectors.handshakes)('handshake: $name', (vector) => {
  const derived = derive(vector);

  it('derives by §3.2', () => {
    const printed = Object.entries(derived).map(([name, value]) => [name, value.toString('hex')]);
    expect(vector).toMatchObject(Object.fromEntries(printed) as object);
  });

  it('authenticates Hello by K_hello', () => {
    const [core = EMPTY, mac0 = EMPTY] = byteStrings(hex(vector.hello));
    const { kHello: ofEpoch, en } = enrolments.get(vector.device)!;
    const kHello =
      vector.rs === undefined ? hex(ofEpoch) : expand(hex(vector.rs), 'hello', hex(en), 32);
    expect(core.toString('hex')).toBe(vector.helloCore);
    expect(hmac(kHello, u8(1), core).subarray(0, 16).equals(mac0)).toBe(true);
  });

  it('ends in the proof of §3.3', () => {
    expect(provesManager(vector, hex(vector.acceptBody), derived.h2!)).toBe(true);
  });
});

function provesManager(vector: HandshakeVector, body: Buffer, h2: Buffer): boolean {
  // §3.5: an empty byte string.
  if (vector.rs !== undefined) return body.subarray(-1).equals(u8(0x40));
  const message = Buffer.concat([ascii('lamplighter.v1 session M'), u8(0), h2]);
  if (vector.leaf !== undefined) {
    const { mkey } = enrolments.get(vector.device)!.assignment;
    return hssVerify(hex(String(mkey)), message, body.subarray(-TREE_PROOF_BYTES));
  }
  const proof = body.subarray(vector.chainIndexShown > 0 ? -36 : -64);
  if (vector.chainIndexShown === 0) {
    const key = createPublicKey(privateKey('ed25519', inputs.managerSecret));
    return verify(null, message, key, proof);
  }
  const e0 = H(ascii('manager-north'), u8(0), ascii('soil-0001'), be(1, 4));
  let value = hex(inputs.chainSeed);
  for (let k = 4096; k > vector.chainIndexShown; k -= 1) {
    value = H(ascii('lamplighter.v1 chain'), e0, be(k, 4), value);
  }
  return Buffer.concat([be(vector.chainIndexShown, 4), value]).equals(proof);
}

describe('records', () => {
  const [handshake] = vectors.handshakes;

  it('open by §5, also after rekey', () => {
    const frames = vectors.records.manager.map((frame) => byteStrings(hex(frame))[0] ?? EMPTY);
    let traffic = hex(handshake?.m2dT0 ?? '');
    const texts = frames.map((sealed, at) => {
      const generation = at < 3 ? 0 : 1;
      if (at === 3) traffic = expand(traffic, 'rekey', EMPTY, 32);
      const nonce = expand(traffic, 'iv', be(generation, 4), 12);
      const sequence = at % 3;
      nonce[11] = (nonce[11] ?? 0) ^ sequence;
      const ad = Buffer.concat([u8(4), u8(0), be(generation, 4)]);
      return open(expand(traffic, 'key', be(generation, 4), 32), nonce, ad, sealed).toString('hex');
    });
    expect(texts).toEqual(['820300', '850b02190e101902581a00015180', '820101', '8218' + '22183c']);
  });
});
