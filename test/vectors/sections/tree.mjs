/** The tree of the vectors' manager (§3.3, mauth 3): one level of LMS_SHA256_M24_H5, from an injected seed. */
import { LMS_ID_BYTES, lmsSet, TREE_OTS_TYPE } from '@lamplighter/sdk/crypto';
import { LmsTree } from '../../../network/dist/management/lms-tree.js';
import { concat, sha256 } from './fixed.mjs';

const LMS_SHA256_M24_H5 = 0x0a;
const ONE_LEVEL = Uint8Array.of(0, 0, 0, 1);
const NO_LEVEL_BELOW = new Uint8Array(4);

/** @param seed 32 bytes, of which the first are SEED of RFC 8554; I is the beginning of their SHA-256 */
export async function treeOf(seed) {
  const set = lmsSet(LMS_SHA256_M24_H5, TREE_OTS_TYPE);
  const secret = { id: sha256(seed).slice(0, LMS_ID_BYTES), seed: seed.slice(0, set.hashBytes) };
  const tree = await LmsTree.grow(set, secret);
  return {
    publicKey: concat(ONE_LEVEL, tree.publicKey),
    /** Whoever asks sees to it that no leaf signs twice. */
    sign: (leaf, message) => concat(NO_LEVEL_BELOW, tree.sign(leaf, message)),
  };
}
