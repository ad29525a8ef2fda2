/** What has to be how fast beside what: one entry for each line of the result, over its sizes. */
import { aeads, blockCiphers, ctr } from '@lamplighter/sdk/crypto';
import { chacha20, chacha20poly1305 } from '@noble/ciphers/chacha.js';
import ascon from 'js-ascon';

import type { Comparison, Step } from './comparison.ts';
import { protocolComparisons } from './protocol-comparisons.ts';

const SMALL = [64, 128, 256];

const bytes = (length: number, value = 7): Uint8Array => new Uint8Array(length).fill(value);

/** Counter mode under a key whose schedule is computed, as a session has it. */
function counterMode(name: keyof typeof blockCiphers): Step {
  const { keyBytes, blockBytes } = blockCiphers[name];
  const cipher = blockCiphers[name](bytes(keyBytes));
  const counter = bytes(blockBytes);
  return (length) => {
    const text = bytes(length);
    return () => ctr(cipher, counter, text);
  };
}

/** One message sealed, its key given with it. */
function sealing(name: keyof typeof aeads): Step {
  const { keyBytes, nonceBytes } = aeads[name];
  const [key, nonce, ad] = [bytes(keyBytes), bytes(nonceBytes), bytes(6)];
  return (length) => {
    const text = bytes(length);
    return () => aeads[name](key, nonce, ad).encrypt(text);
  };
}

const nobleChaCha20: Step = (length) => {
  const [key, nonce, text] = [bytes(32), bytes(12), bytes(length)];
  return () => chacha20(key, nonce, text);
};

const nobleChaCha20Poly1305: Step = (length) => {
  const [key, nonce, ad, text] = [bytes(32), bytes(12), bytes(6), bytes(length)];
  return () => chacha20poly1305(key, nonce, ad).encrypt(text);
};

const jsAscon: Step = (length) => {
  const [key, nonce, ad, text] = [bytes(16), bytes(16), bytes(6), bytes(length)];
  return () => ascon.encrypt(key, nonce, ad, text);
};

export const comparisons: readonly Comparison[] = [
  {
    name: 'speck-64-128-ctr_by_noble_chacha20',
    sizes: SMALL,
    ours: counterMode('speck-64-128'),
    theirs: nobleChaCha20,
    target: { leastSpeed: 2.3 },
  },
  {
    name: 'ascon-aead128_by_noble_chacha20-poly1305',
    sizes: SMALL,
    ours: sealing('ascon-aead128'),
    theirs: nobleChaCha20Poly1305,
    target: { leastSpeed: 1.9 },
  },
  {
    name: 'ascon-aead128_by_js-ascon',
    sizes: SMALL,
    ours: sealing('ascon-aead128'),
    theirs: jsAscon,
    target: { leastSpeed: 70 },
  },
  ...protocolComparisons,
];
