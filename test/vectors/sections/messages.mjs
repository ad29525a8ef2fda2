/** §9 item 7: each message once, answers over images of three sizes, and the hashes of §6.4 where r + 1 goes around. */
import { ed25519Sign } from '@lamplighter/sdk/crypto';
import { encodeMessage, messageNumber } from '@lamplighter/sdk/wire';
import { inputs } from './enrolment.mjs';
import { ascii, concat, fixed, hex, image, plain, sha256 } from './fixed.mjs';
import { state } from './handshake.mjs';

const EMPTY = new Uint8Array(0);
const digest = fixed('digest');
const manifest = { kind: 1, sha256: digest, size: 300 };

function be(value, length) {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, length - 6 > 0 ? length - 6 : 0, Math.min(6, length));
  return new Uint8Array(bytes);
}

const interval = { fti: 3600, rti: 600 };
const pair = concat(be(interval.fti, 4), be(interval.rti, 4));
const most = new Uint8Array(32).fill(0xff);

const h4 = fixed('h4');
const monitorSigned = concat(
  ascii('lamplighter.v1 monitor'),
  Uint8Array.of(0),
  h4,
  be(12, 8),
  inputs.r,
  Uint8Array.of(0),
  ascii('lamp-0001'),
);

/** H of one suite where §6 has it: over the intervals, and Hf over images. */
function hashesOf({ hash, imageHash }) {
  const hf = imageHash ?? ((message) => sha256(message));
  return {
    hfti: hash(ascii('lamplighter.v1 fti'), most, pair),
    hack: hash(ascii('lamplighter.v1 fti ack'), new Uint8Array(32), pair),
    hdev: (fw) => (imageHash === undefined ? EMPTY : hf(fw)),
    proof: (fw) => hf(concat(ascii('lamplighter.v1 proof'), inputs.r, be(fw.length, 8), fw)),
  };
}

function answer({ hdev, proof }, size, changes = {}) {
  const fw = image(size);
  return {
    type: 'mon-ans',
    n: 12,
    idD: 'lamp-0001',
    seq: 7,
    ver: '7.27.0',
    size,
    hfw: sha256(fw),
    hdev: hdev(fw),
    proof: proof(fw),
    r: inputs.r,
    hack: EMPTY,
    state,
    ...changes,
  };
}

const messagesOf = (hashes) => [
  { type: 'close-notify', code: 1000 },
  { type: 'rekey', gen: 1 },
  { type: 'ticket', rid: fixed('rid', 16), ttl: 86400 },
  { type: 'ready', flags: 0 },
  {
    type: 'mon-req-e',
    n: 12,
    idM: 'manager-north',
    r: inputs.r,
    mode: 0,
    sig: ed25519Sign(inputs.managerSecret, monitorSigned),
  },
  { type: 'mon-req-l', n: 12, r: most, mode: 0, hfti: hashes.hfti },
  answer(hashes, 0),
  answer(hashes, 1),
  answer(hashes, 65537),
  answer(hashes, 1, { idD: 'soil-0001', r: most, hack: hashes.hack }),
  { type: 'mon-set', ivn: 2, fti: 10, rti: 1, uti: 10 },
  { type: 'mon-ack', ivn: 2 },
  {
    type: 'upd-query',
    idD: 'lamp-0001',
    seq: 7,
    ver: '7.27.0',
    size: 65537,
    hfw: digest,
    challenge: inputs.challenge,
  },
  { type: 'upd-none', why: 0, proofs: { kind: 2, sha256: digest, size: 4000 } },
  { type: 'upd-none', why: 1, proofs: false },
  { type: 'upd-offer', curSeq: 7, curHfw: digest, manifest, proofs: false },
  { type: 'proof-want', challenge: inputs.challenge },
  { type: 'want', sha256: digest, from: 0, credit: 256, paths: true },
  { type: 'head', sha256: digest, cek: inputs.cek, from: 0 },
  { type: 'blob', sha256: digest, from: 1024, data: image(100) },
  { type: 'done', sha256: digest, code: 0 },
  { type: 'result', attempt: 1, seq: 8, sha256: digest, code: 8 },
  { type: 'result-ack', attempt: 1 },
  { type: 'push', ref: { kind: 6, sha256: digest, size: 500 } },
  { type: 'push-ack', sha256: digest, code: 9 },
  { type: 'suspend', seconds: 604800 },
  { type: 'error', re: 11, code: 9 },
];

/** Item 7. */
export function messageSection({ suite }) {
  const hashes = hashesOf(suite);
  const messages = messagesOf(hashes);
  const unknown = Object.keys(messageNumber).filter(
    (type) => !messages.some((message) => message.type === type),
  );
  if (unknown.length > 0) throw new Error(`no vector for ${unknown.join(', ')}`);
  return {
    messages: messages.map((message) => ({
      value: plain(message),
      hex: hex(encodeMessage(message)),
    })),
    monitorSigned: {
      h4: hex(h4),
      n: 12,
      r: hex(inputs.r),
      mode: 0,
      idD: 'lamp-0001',
      bytes: hex(monitorSigned),
    },
    intervals: { r: hex(most), ...interval, hfti: hex(hashes.hfti), hack: hex(hashes.hack) },
  };
}
