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
  treeSeed: fixed("seed of the manager's tree"),
};

const common = {
  version: 1,
  serial: 0,
  op: 0,
  idM: 'manager-north',
  prevKid: EMPTY,
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

const endWithKey = {
  ...endNode,
  idD: 'lamp-0002',
  kid: fixed('kid of the end node with a key', 16),
  dkey: ed25519PublicKey(inputs.deviceSecret),
};

function lightweight(suite, length) {
  const idD = 'soil-0001';
  const context = chainContext(common.idM, idD, common.epoch);
  const anchor = chainValue(suite, context, { seed: inputs.chainSeed, length }, 0);
  return {
    ...common,
    idD,
    kid: fixed('kid of the lightweight node', 16),
    class: 1,
    mauth: 2,
    mkey: encodeChainKey({ length, anchor }),
    dkey: EMPTY,
  };
}

const underTree = (mkey) => ({
  ...common,
  idD: 'soil-0002',
  kid: fixed('kid of the lightweight node under a tree', 16),
  class: 1,
  mauth: 3,
  mkey,
  dkey: EMPTY,
});

/**
 * What the vectors of one suite are about: its enrolled devices, each of a class that may have the suite.
 *
 * @param chainLength of the lightweight node; SPONGENT takes too long for 4096
 * @param tree the manager's, of `tree.mjs`
 */
export function contextOf(suiteId, chainLength, tree) {
  const suite = suiteOf(suiteId);
  const all = {
    end: endNode,
    endWithKey,
    lightweight: lightweight(suite, chainLength),
    lightweightTree: underTree(tree.publicKey),
  };
  const assignments = Object.fromEntries(
    Object.entries(all)
      .filter(([, assignment]) => suite.classes.includes(assignment.class))
      // `suite` between prevKid and epoch, as the file has it.
      .map(([name, { version, serial, op, idM, prevKid, ...rest }]) => [
        name,
        { version, serial, op, idM, prevKid, suite: suiteId, ...rest },
      ]),
  );
  // Whose session the records are of.
  const first = assignments.end ?? assignments.lightweight;
  return { suiteId, suite, chainLength, tree, assignments, first };
}

/** Item 3 for one device, as bytes. */
export function enrolled(suite, assignment) {
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
export function enrolmentSection({ suite, assignments }) {
  return Object.entries(assignments).map(([name, assignment]) => {
    const { generations, kvm, ...derived } = enrolled(suite, assignment);
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
export function suiteSection({ suite }) {
  const key = fixed('suite key');
  const sealKey = key.slice(0, suite.keyBytes);
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
      const sealed = suite.seal(sealKey, nonce, ad, text);
      return {
        key: hex(sealKey),
        nonce: hex(nonce),
        ad: hex(ad),
        text: hex(text),
        sealed: hex(sealed),
      };
    }),
  };
}
