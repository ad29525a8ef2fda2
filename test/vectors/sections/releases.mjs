/** §9 items 8 and 9: a manifest and its signatures, chunk trees with their paths, content over two segments. */
import {
  chunkTree,
  ContentCipher,
  ed25519PublicKey,
  macEnvelope,
  newEd25519Signer,
  segmentKeys,
  signEnvelope,
  vendorMacKey,
} from '@lamplighter/sdk/crypto';
import { encodeManifest, encodeSigned } from '@lamplighter/sdk/wire';
import { inputs } from './enrolment.mjs';
import { fixed, flip, hex, image, plain, sha256 } from './fixed.mjs';

const CHUNK_LOG2 = 8;
const fw = image(2000);

const manifest = {
  vendor: 'northlight',
  model: 'lamp',
  gen: 1,
  seq: 8,
  version: '7.28.0',
  size: fw.length,
  sha256: sha256(fw),
  chunkLog2: CHUNK_LOG2,
  root: chunkTree(fw, CHUNK_LOG2).root,
  format: 0,
  expiry: 1893456000,
  component: ['firmware', 0],
};

const full = {
  ...manifest,
  digests: new Map([[1, fixed('SHA3-256 of the image')]]),
  precursor: { seq: 7, sha256: fixed('precursor') },
  format: 1,
  deltaSize: 700,
  deltaSha256: fixed('delta'),
  setDigest: fixed('set'),
  sbom: fixed('sbom'),
  bootloader: 3,
};

const signers = [inputs.vendorSecret, inputs.vendorSecret2, inputs.vendorSecret3].map((secret) =>
  newEd25519Signer(secret),
);
const keys = signers.map(({ publicKey }) => publicKey);
const kvm = vendorMacKey(inputs.kv0, 'soil-0001');

function envelope(name, signed, trust, refusedWith = null) {
  return { name, hex: hex(encodeSigned(signed)), trust: plain(trust), refusedWith };
}

function spoilt(signed, at) {
  const signatures = signed.signatures.map((signature, index) =>
    index === at ? { ...signature, sig: flip(signature.sig, 0) } : signature,
  );
  return { ...signed, signatures };
}

/** Item 8. */
export function releaseSection() {
  const payload = encodeManifest(manifest);
  const [a, b, c] = signers;
  const stranger = newEd25519Signer(fixed('stranger'));
  const two = { kind: 'signature', threshold: 2, keys };
  const one = { kind: 'signature', threshold: 1, keys: [ed25519PublicKey(inputs.vendorSecret)] };
  const mac = { kind: 'mac', kvm };
  const sign = (...who) => signEnvelope('release', payload, ...who);
  return {
    manifests: [manifest, full].map((value) => ({
      value: plain(value),
      payload: hex(encodeManifest(value)),
    })),
    domain: 'release',
    envelopes: [
      envelope('alg 1', sign(a), one),
      envelope('alg 3', macEnvelope('release', payload, kvm), mac),
      envelope('2 of 3', sign(a, c), two),
      envelope('2 of 3 and a stranger', sign(stranger, b, c), two),
      envelope('one of 2', sign(b), two, 'THRESHOLD_NOT_MET'),
      envelope('a key twice', sign(a, a), two, 'THRESHOLD_NOT_MET'),
      envelope('a stranger alone', sign(stranger), one, 'THRESHOLD_NOT_MET'),
      envelope('2 right, 1 false', spoilt(sign(a, b, c), 2), two, 'SIGNATURE_INVALID'),
      envelope(
        'false MAC',
        spoilt(macEnvelope('release', payload, kvm), 0),
        mac,
        'SIGNATURE_INVALID',
      ),
      envelope('of another domain', signEnvelope('roots', payload, a), one, 'SIGNATURE_INVALID'),
    ],
  };
}

function tree(chunks) {
  const size = chunks * 2 ** CHUNK_LOG2 - (chunks > 1 ? 100 : 0);
  const built = chunkTree(image(size), CHUNK_LOG2);
  return {
    size,
    chunks,
    leaves: plain(built.leaves),
    root: hex(built.root),
    paths: built.leaves.map((_, index) => plain(built.path(index))),
  };
}

/** Item 9. Images are byte i = i mod 251. */
export function treeSection({ suiteId, suite }) {
  const size = 2 ** 20 + 2 ** CHUNK_LOG2;
  const bytes = image(size);
  const content = { suite, cek: inputs.cek, sha256: sha256(bytes), chunkLog2: CHUNK_LOG2 };
  const cipher = new ContentCipher(content);
  const chunk = (index) => bytes.subarray(index * 2 ** CHUNK_LOG2, (index + 1) * 2 ** CHUNK_LOG2);
  return {
    chunkLog2: CHUNK_LOG2,
    emptyRoot: hex(chunkTree(new Uint8Array(0), CHUNK_LOG2).root),
    trees: [1, 2, 3, 7, 8].map(tree),
    content: {
      suite: suiteId,
      cek: hex(inputs.cek),
      size,
      sha256: hex(content.sha256),
      segments: [0, 1].map((segment) => plain(segmentKeys(content, segment))),
      chunks: [0, 1, 4095, 4096].map((index) => ({
        index,
        sealed: hex(cipher.seal(index, chunk(index))),
      })),
    },
  };
}
