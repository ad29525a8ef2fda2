/** §9 items 2 and 3: the suite's functions; assignments of both classes and everything derived from them. */
import {
  chainContext,
  chainValue,
  ed25519PublicKey,
  enrolmentHash,
  enrolmentKeys,
  generationAt,
  keyIdOf,
  macEnvelope,
  newEd25519Signer,
  nextKv,
  pskOf,
  signEnvelope,
  suiteOf,
  vendorMacKey,
} from '@lamplighter/sdk/crypto';
import { encodeAssignment, encodeChainKey, encodeSigned } from '@lamplighter/sdk/wire';
import { ascii, fixed, hex, plain } from './fixed.mjs';

export const SUITE_ID = 0x0103;
export const suite = suiteOf(SUITE_ID);
export const CHAIN_LENGTH = 4096;
const EMPTY = new Uint8Array(0);

/** Everything that is injected, by name. */
export const inputs = {
  kv0: fixed('kv_0'),
  vendorSecret: fixed('vendor Ed25519 secret'),
  vendorSecret2: fixed('second vendor Ed25519 secret'),
  vendorSecret3: fixed('third vendor Ed25519 secret'),
  managerSecret: fixed('manager Ed25519 secret'),
  deviceSecret: fixed('device Ed25519 secret'),
  chainSeed: fixed('chain seed x_N'),
  nd: fixed('nd', 16),
  nm: fixed('nm', 16),
  deviceEphemeral: fixed('device X25519 secret'),
  managerEphemeral: fixed('manager X25519 secret'),
  r: fixed('r'),
  challenge: fixed('challenge'),
  cek: fixed('cek'),
};

const common = {
  version: 1,
  serial: 0,
  op: 0,
  idM: 'manager-north',
  prevKid: EMPTY,
  suite: SUITE_ID,
  epoch: 1,
  endpoints: ['ws://127.0.0.1:7070/v1/device'],
};

const endNode = {
  ...common,
  idD: 'lamp-0001',
  kid: fixed('kid of the end node', 16),
  class: 0,
  mauth: 1,
  mkey: ed25519PublicKey(inputs.managerSecret),
  dkey: EMPTY,
};

const chain = { seed: inputs.chainSeed, length: CHAIN_LENGTH };

function lightweight() {
  const idD = 'soil-0001';
  const context = chainContext(common.idM, idD, common.epoch);
  const anchor = chainValue(suite, context, chain, 0);
  return {
    ...common,
    idD,
    kid: fixed('kid of the lightweight node', 16),
    class: 1,
    mauth: 2,
    mkey: encodeChainKey({ length: CHAIN_LENGTH, anchor }),
    dkey: EMPTY,
  };
}

/** The three enrolled devices of the vectors. */
export const assignments = {
  end: endNode,
  endWithKey: {
    ...endNode,
    idD: 'lamp-0002',
    kid: fixed('kid of the end node with a key', 16),
    dkey: ed25519PublicKey(inputs.deviceSecret),
  },
  lightweight: lightweight(),
};

/** Item 3 for one device, as bytes. */
export function enrolled(assignment) {
  const payload = encodeAssignment(assignment);
  const psk = pskOf(inputs.kv0, payload);
  const en = enrolmentHash(suite, payload);
  const { kHello, k0 } = enrolmentKeys(suite, psk, en);
  const generations = [0, 1, 2, 3].map(
    (index) => generationAt(suite, { index: 0, key: k0 }, index).key,
  );
  const kvm = vendorMacKey(inputs.kv0, assignment.idD);
  const envelope = encodeSigned(
    assignment.class === 0
      ? signEnvelope('assignment', payload, newEd25519Signer(inputs.vendorSecret))
      : macEnvelope('assignment', payload, kvm),
  );
  return { payload, envelope, psk, en, kHello, generations, kvm };
}

/** Item 3. */
export function enrolmentSection() {
  return Object.entries(assignments).map(([name, assignment]) => {
    const { generations, kvm, ...derived } = enrolled(assignment);
    return {
      name,
      assignment: plain(assignment),
      ...plain(derived),
      generations: plain(generations),
      kv1: hex(nextKv(inputs.kv0)),
      ...(assignment.class === 1 ? { kvm: hex(kvm), kvmKeyId: hex(keyIdOf(kvm)) } : {}),
    };
  });
}

/** Item 2. */
export function suiteSection() {
  const key = fixed('suite key');
  const nonce = fixed('suite nonce', suite.nonceBytes);
  const ad = fixed('suite ad', 5);
  const sizes = [0, 1, 16, 64, 255];
  return {
    extract: sizes.map((size) => {
      const ikm = fixed('ikm').slice(0, Math.min(size, 32));
      return { salt: hex(key), ikm: hex(ikm), out: hex(suite.extract(key, ikm)) };
    }),
    extractTextSalt: {
      salt: 'lamplighter.v1 psk',
      ikm: hex(key),
      out: hex(suite.extract(ascii('lamplighter.v1 psk'), key)),
    },
    expand: sizes.map((size) => {
      const context = new Uint8Array(size).fill(size);
      const length = [12, 16, 32, 33, 64][sizes.indexOf(size)];
      const out = suite.expand(key, 'vector', context, length);
      return { key: hex(key), label: 'vector', context: hex(context), length, out: hex(out) };
    }),
    mac: sizes.map((size) => {
      const message = new Uint8Array(size).fill(size);
      return { key: hex(key), message: hex(message), out: hex(suite.mac(key, message)) };
    }),
    seal: sizes.map((size) => {
      const text = new Uint8Array(size).fill(size);
      const sealed = suite.seal(key, nonce, ad, text);
      return {
        key: hex(key),
        nonce: hex(nonce),
        ad: hex(ad),
        text: hex(text),
        sealed: hex(sealed),
      };
    }),
  };
}
