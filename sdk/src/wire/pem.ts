/**
 * A certificate out of its PEM text (RFC 7468), as the identity of a peer has it: one block, nothing around it. What is in the
 * DER is not looked at: its digest is compared (docs/protocol.md §7.3 item 1).
 */
import { WireError } from './errors.ts';

const BLOCK =
  /^-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE-----(?:\r?\n)?$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** Far above any certificate. */
const PEM_CHARACTERS = 16_384;

/**
 * @returns DER
 * @throws {@link WireError} `PEM_MALFORMED`
 */
export function certificateOfPem(pem: string): Uint8Array {
  if (pem.length > PEM_CHARACTERS) {
    throw malformed(`up to ${PEM_CHARACTERS} characters, got ${pem.length}`);
  }
  const base64 = BLOCK.exec(pem)?.[1]?.replace(/[\r\n]/g, '') ?? '';
  if (base64 === '' || !BASE64.test(base64)) throw malformed('one certificate');
  const text = atob(base64);
  // The bits that padding leaves over are 0: else two texts would be one certificate.
  if (btoa(text) !== base64) throw malformed('base64 in its only form');
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function malformed(expected: string): WireError {
  return new WireError('PEM_MALFORMED', `PEM: expected ${expected}`);
}
