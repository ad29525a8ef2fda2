/**
 * Who fetches: a manager signs each request for an image, so that the vendor's transmission history names those who
 * took it. Travels as `Authorization: Lamplighter <base64url>`.
 */
import { encodeCbor } from '@lamplighter/sdk/wire';

import { ExchangeError } from './exchange-error.ts';
import { NONCE_BYTES, type Freshness } from './freshness.ts';
import { Fields, malformed } from './shape.ts';
import { signMessage, splitMessage, verifyMessage, type Unverified } from './signed-message.ts';

export interface FetchTicket {
  readonly manager: string;
  readonly vendor: string;
  /** Path of the URL. */
  readonly path: string;
  /** 16 random bytes. */
  readonly nonce: Uint8Array;
  /** Seconds since 1970. */
  readonly time: number;
}

const SCHEME = 'Lamplighter ';
/** A ticket is far below this. */
const HEADER_BYTES = 1_024;

/** Manager: value of the Authorization header. @param signatureKey PU_j's Ed25519 seed */
export function signFetchTicket(ticket: FetchTicket, signatureKey: Uint8Array): string {
  const { manager, vendor, path, nonce, time } = ticket;
  const payload = encodeCbor([1, manager, vendor, path, nonce, time]);
  const message = signMessage('fetch', payload, signatureKey);
  return SCHEME + Buffer.from(message).toString('base64url');
}

/** Vendor: splits the header; `claim.manager` says whose key on the ledger must have signed it. */
export function readFetchTicket(header: string): Unverified<FetchTicket> {
  if (!header.startsWith(SCHEME) || header.length > HEADER_BYTES) {
    throw malformed('fetch ticket', 'expected "Lamplighter" and base64url');
  }
  const bytes = new Uint8Array(Buffer.from(header.slice(SCHEME.length), 'base64url'));
  return splitMessage('fetch', bytes, (payload) => {
    const fields = Fields.versioned('fetch ticket', payload, 6);
    return {
      manager: fields.id(1),
      vendor: fields.id(2),
      path: fields.text(3, 256),
      nonce: fields.bytes(4, NONCE_BYTES),
      time: fields.uint(5),
    };
  });
}

/**
 * Vendor: signature, recipient, path, time and nonce, in this order.
 *
 * @throws {@link ExchangeError} EXCHANGE_BAD_SIGNATURE, EXCHANGE_WRONG_RECIPIENT, EXCHANGE_MISMATCH, EXCHANGE_STALE,
 *   EXCHANGE_REPLAYED
 */
export function verifyFetchTicket(
  message: Unverified<FetchTicket>,
  expected: {
    readonly managerKey: Uint8Array;
    /** Own id. */
    readonly vendor: string;
    readonly path: string;
    readonly freshness: Freshness;
  },
): FetchTicket {
  const ticket = verifyMessage('fetch', message, expected.managerKey);
  if (ticket.vendor !== expected.vendor) {
    throw new ExchangeError(
      'EXCHANGE_WRONG_RECIPIENT',
      `ticket for "${ticket.vendor}", shown to "${expected.vendor}"`,
    );
  }
  if (ticket.path !== expected.path) {
    throw new ExchangeError('EXCHANGE_MISMATCH', `ticket for ${ticket.path}`);
  }
  const { nonces, now } = expected.freshness;
  nonces.admit(ticket.manager, ticket.nonce, ticket.time, now);
  return ticket;
}
