/** §9 item 10: answers of a ledger's peers to a challenge, right ones and wrong ones, and a link to the next set. */
import { p256 } from '@noble/curves/nist.js';
import { leafHash } from '@lamplighter/sdk/crypto';
import { encodeProofSet, encodeValidatorLink, encodeValidatorSet } from '@lamplighter/sdk/wire';
import { ascii, concat, fixed, hex, sha256 } from './fixed.mjs';

const PIN = { channel: 'city', chaincode: 'lamplighter' };
const MODEL = 'lamp';
const TIME = 1_790_000_000;

function varint(value) {
  const groups = [];
  for (let rest = value; groups.length === 0 || rest > 0; rest = Math.floor(rest / 128)) {
    groups.push((rest % 128) + (rest >= 128 ? 128 : 0));
  }
  return Uint8Array.from(groups);
}
const number = (field, value) => concat(varint(field * 8), varint(value));
const nested = (field, ...parts) => {
  const content = concat(...parts);
  return concat(varint(field * 8 + 2), varint(content.length), content);
};

/** A peer: its certificate is never looked into, so any bytes are one. */
function peer(mspId) {
  const der = fixed(`certificate of ${mspId}`);
  const base64 = Buffer.from(der).toString('base64');
  const pem = `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
  const identity = concat(nested(1, ascii(mspId)), nested(2, ascii(pem)));
  return { mspId, der, identity, secret: fixed(`peer of ${mspId}`) };
}

function setOf(epoch, peers, shares) {
  const validators = peers.map(({ mspId, der, secret }, at) => {
    const key = p256.getPublicKey(secret, false);
    return { mspId, cert: sha256(der), key, shares: shares[at] };
  });
  const total = shares.reduce((sum, each) => sum + each, 0);
  return encodeValidatorSet({ epoch, num: 1, den: 2, total, validators });
}

/** What a peer signs: the proposal's hash, and what the contract said. */
function response({ identity, secret }, args, statement, channel = PIN.channel) {
  const name = nested(2, ascii(PIN.chaincode));
  const chdr = concat(number(1, 3), nested(4, ascii(channel)), nested(5, ascii('transaction')));
  const shdr = concat(nested(1, ascii('gateway')), nested(2, fixed('nonce of a proposal', 24)));
  const input = nested(3, ...args.map((each) => nested(1, ascii(each))));
  const ccpp = nested(1, nested(1, number(1, 2), nested(2, name), input));
  const said = nested(3, number(1, 200), nested(3, ascii(statement)));
  const action = concat(said, nested(4, name));
  const payload = concat(nested(1, sha256(chdr, shdr, ccpp)), nested(2, action));
  const digest = sha256(payload, identity);
  const sig = p256.sign(digest, secret, { lowS: true, prehash: false }).toBytes('der');
  return { chdr, shdr, ccpp, payload, endorser: identity, sig };
}

function highS(answer) {
  const { r, s } = p256.Signature.fromBytes(answer.sig, 'der');
  return { ...answer, sig: new p256.Signature(r, p256.Point.Fn.ORDER - s).toBytes('der') };
}

const json = (fields) =>
  JSON.stringify(Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))));

const peers = ['Alpha', 'Beta', 'Gamma'].map(peer);
const [alpha, beta, gamma] = peers;
const set = setOf(5, peers, [40, 35, 25]);
const next = setOf(6, peers, [30, 30, 40]);
const challenge = fixed('challenge');
const root = hex(leafHash(challenge));

const statement = {
  docType: 'releaseProof',
  schema: 1,
  channel: PIN.channel,
  model: MODEL,
  challenge: root,
  gen: 1,
  seq: 8,
  manifest: hex(fixed('manifest')),
  epoch: 5,
  validators: hex(sha256(set)),
  time: TIME,
};

function release(who, change = {}) {
  const said = { ...statement, ...change };
  return response(who, ['Firmware:ProveRelease', MODEL, root], json(said), said.channel);
}

function proof(name, responses, outcome) {
  return { name, proofSet: hex(encodeProofSet({ path: [], responses })), ...outcome };
}

function link(name, voices, outcome) {
  const [from, to] = [set, next].map((each) => hex(sha256(each)));
  const { channel } = PIN;
  const said = json({ docType: 'validatorLink', schema: 1, channel, epoch: 6, from, to });
  const answers = voices.map((who) => response(who, ['Stake:ProveValidators', from, to], said));
  return { name, link: hex(encodeValidatorLink({ set: next, responses: answers })), ...outcome };
}

/** Item 10. */
export function proofSection() {
  const liar = release(gamma, { seq: 9 });
  const wins = (dropped) => ({ refusedWith: null, dropped });
  const fails = (dropped) => ({ refusedWith: 'PROOF_NOT_WON', dropped });
  const stranger = release(peer('Delta'));
  const elsewhere = release(beta, { channel: 'village' });
  return {
    pin: PIN,
    model: MODEL,
    challenge: hex(challenge),
    validators: hex(set),
    statement,
    proofs: [
      proof(
        'three organisations',
        peers.map((who) => release(who)),
        wins({}),
      ),
      proof('one liar', [release(alpha), release(beta), liar], wins({})),
      proof('a liar, and no majority beside it', [release(alpha), liar], fails({})),
      proof(
        'one unknown',
        [release(alpha), release(beta), stranger],
        wins({ ENDORSER_UNKNOWN: 1 }),
      ),
      proof('one high s', [release(alpha), highS(release(beta))], fails({ SIGNATURE_FALSE: 1 })),
      proof('a wrong channel', [release(alpha), elsewhere], fails({ WRONG_CHANNEL: 1 })),
      proof(
        'all of it',
        [
          ...[release(alpha), liar, stranger, highS(release(beta)), elsewhere],
          release(beta, { time: TIME }),
        ],
        wins({ ENDORSER_UNKNOWN: 1, SIGNATURE_FALSE: 1, WRONG_CHANNEL: 1 }),
      ),
    ],
    next: hex(next),
    links: [
      link('two of three', [alpha, beta], { refusedWith: null }),
      link('one of three', [alpha], { refusedWith: 'PROOF_NOT_WON' }),
    ],
  };
}
