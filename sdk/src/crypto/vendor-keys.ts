/**
 * Keys between a vendor and its device (docs/protocol.md §2.1, §2.2). Both compute them; the vendor hands `psk` to the
 * manager, who can work out neither kv_n nor a later psk.
 */
import { asciiBytes, erase } from '../wire/bytes.ts';
import { SERIAL_LOOK_AHEAD } from '../wire/limits.ts';
import { CryptoError } from './errors.ts';
import { expandSha256, sha256Of } from './suites.ts';

const EMPTY = new Uint8Array(0);

/** kv_n and its n. */
export interface VendorKey {
  readonly kv: Uint8Array;
  readonly kvN: number;
}

/** kv_{n+1} of kv_n. */
export function nextKv(kv: Uint8Array): Uint8Array {
  return expandSha256(kv, 'kv next', EMPTY, 32);
}

/** kvm: the key of the vendor's MAC for one lightweight device, from kv_0. */
export function vendorMacKey(kv0: Uint8Array, idD: string): Uint8Array {
  return expandSha256(kv0, 'vendor mac', asciiBytes(idD), 32);
}

/** psk of an assignment, from kv_serial and the signed payload. */
export function pskOf(kvSerial: Uint8Array, assignmentPayload: Uint8Array): Uint8Array {
  return expandSha256(kvSerial, 'psk', sha256Of(assignmentPayload), 32);
}

/**
 * Steps kv forward to a serial; the key given stays as it is.
 *
 * @throws {@link CryptoError} `SERIAL_OUT_OF_RANGE` when the serial is not in n..n+1024
 */
export function vendorKeyAt(held: VendorKey, serial: number): VendorKey {
  if (serial < held.kvN || serial > held.kvN + SERIAL_LOOK_AHEAD) {
    throw new CryptoError(
      'SERIAL_OUT_OF_RANGE',
      `expected a serial ${held.kvN}..${held.kvN + SERIAL_LOOK_AHEAD}, got ${serial}`,
    );
  }
  // Not slice(): a Buffer's shares memory, and what was given would be erased.
  let kv: Uint8Array = Uint8Array.from(held.kv);
  for (let n = held.kvN; n < serial; n += 1) {
    const next = nextKv(kv);
    erase(kv);
    kv = next;
  }
  return { kv, kvN: serial };
}
