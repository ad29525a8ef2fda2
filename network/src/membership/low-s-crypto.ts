/**
 * Node's Web Crypto, except that ECDSA signatures come with a low s. Fabric rewrites CA signatures with a high s when it
 * reads a certificate, so a certificate issued with a low s is the same bytes everywhere.
 */
import { webcrypto } from 'node:crypto';

import { toLowS } from './ecdsa.ts';

async function signLowS(
  ...parameters: Parameters<webcrypto.SubtleCrypto['sign']>
): Promise<ArrayBuffer> {
  const signature = await webcrypto.subtle.sign(...parameters);
  return Uint8Array.from(toLowS(new Uint8Array(signature))).buffer;
}

function bound(target: object, property: string | symbol): unknown {
  const value: unknown = Reflect.get(target, property);
  return typeof value === 'function' ? (value.bind(target) as unknown) : value;
}

const subtle = new Proxy(webcrypto.subtle, {
  get: (target, property) => (property === 'sign' ? signLowS : bound(target, property)),
});

/** For P-256 keys only. */
export const lowSCrypto: webcrypto.Crypto = new Proxy(webcrypto, {
  get: (target, property) => (property === 'subtle' ? subtle : bound(target, property)),
});
