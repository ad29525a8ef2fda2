/**
 * How the vendor's keys move (docs/protocol.md §7.1): generation by generation, each signed by k of the old keys **and** k of
 * the new. So fewer than k stolen keys achieve nothing, and a device that slept catches up in order.
 */
import { verifyEnvelope } from '../crypto/envelope.ts';
import type { VendorTrust } from '../crypto/envelope.ts';
import { CryptoError } from '../crypto/errors.ts';
import { decodeRoots } from '../wire/roots.ts';
import type { VendorRoots } from '../wire/roots.ts';
import { Algorithm, decodeSigned } from '../wire/signed.ts';
import { WireError } from '../wire/errors.ts';
import { ProtocolError } from './errors.ts';
import { CloseCode } from '../wire/message-types.ts';

/** Whom a device believes under these roots. Keys of algorithms that this version lacks count as unknown. */
export function trustOfRoots({ k, keys }: VendorRoots): VendorTrust {
  return {
    kind: 'signature',
    threshold: k,
    keys: keys.filter(({ alg }) => alg === Algorithm.ed25519).map(({ key }) => key),
  };
}

/**
 * The next generation out of its envelope.
 *
 * @throws {@link ProtocolError} `ROOTS_REFUSED` for what is not signed by both, `ROOTS_NOT_NEXT` for another generation than
 * the next, `ROOTS_KNOWN` for the present one or an earlier
 */
export function nextRoots(envelope: Uint8Array, own: VendorRoots): VendorRoots {
  try {
    const signed = decodeSigned(envelope);
    const next = decodeRoots(signed.payload);
    checkGeneration(own.gen, next.gen);
    verifyEnvelope('roots', signed, trustOfRoots(own));
    verifyEnvelope('roots', signed, trustOfRoots(next));
    return next;
  } catch (cause) {
    if (!(cause instanceof WireError || cause instanceof CryptoError)) throw cause;
    throw refuse('ROOTS_REFUSED', cause.message, { cause });
  }
}

function checkGeneration(own: number, next: number): void {
  if (next <= own) throw refuse('ROOTS_KNOWN', `expected generation ${own + 1}, got ${next}`);
  if (next !== own + 1)
    throw refuse('ROOTS_NOT_NEXT', `expected generation ${own + 1}, got ${next}`);
}

function refuse(
  code: 'ROOTS_REFUSED' | 'ROOTS_NOT_NEXT' | 'ROOTS_KNOWN',
  message: string,
  options?: ErrorOptions,
): ProtocolError {
  return new ProtocolError(code, CloseCode.failed, message, options);
}
