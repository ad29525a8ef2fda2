/**
 * Who fetches: a manager signs each request for an image, or for an assignment, with PU_j, so that the vendor's transmission history names
 * those who took it; another vendor, who reviews a release, with its release key. Travels as
 * `Authorization: Lamplighter <base64url>`.
 */
import { randomBytes } from 'node:crypto';

import { encodeCbor } from '@lamplighter/sdk/wire';

import { ExchangeError } from './exchange-error.ts';
import { NONCE_BYTES, type Freshness } from './freshness.ts';
import { Fields, malformed } from './shape.ts';
import { signMessage, splitMessage, verifyMessage, type Unverified } from './signed-message.ts';

export interface FetchTicket {
  readonly role: 'manager' | 'vendor';
  /** Id of who fetches. */
  readonly party: string;
  /** Id of the vendor asked. */
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

/** Value of the Authorization header. @param secretKey Ed25519 seed of PU_j or of the release key */
export function signFetchTicket(ticket: FetchTicket, secretKey: Uint8Array): string {
  const { role, party, vendor, path, nonce, time } = ticket;
  const payload = encodeCbor([1, role === 'manager' ? 0 : 1, party, vendor, path, nonce, time]);
  const message = signMessage('fetch', payload, secretKey);
  return SCHEME + Buffer.from(message).toString('base64url');
}

/** A ticket for one request, now. */
export function newFetchTicket(
  ticket: Omit<FetchTicket, 'nonce' | 'time'>,
  secretKey: Uint8Array,
): string {
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
  const time = Math.floor(Date.now() / 1_000);
  return signFetchTicket({ ...ticket, nonce, time }, secretKey);
}

/** Vendor: splits the header; `claim.role` and `claim.party` say whose key on the ledger must have signed it. */
export function readFetchTicket(header: string): Unverified<FetchTicket> {
  if (!header.startsWith(SCHEME) || header.length > HEADER_BYTES) {
    throw malformed('fetch ticket', 'expected "Lamplighter" and base64url');
  }
  const bytes = new Uint8Array(Buffer.from(header.slice(SCHEME.length), 'base64url'));
  return splitMessage('fetch', bytes, (payload) => {
    const fields = Fields.versioned('fetch ticket', payload, 7);
    return {
      role: fields.uint(1, 1) === 0 ? 'manager' : 'vendor',
      party: fields.id(2),
      vendor: fields.id(3),
      path: fields.text(4, 256),
      nonce: fields.bytes(5, NONCE_BYTES),
      time: fields.uint(6),
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
    /** Key of the party that the claim names, from the ledger. */
    readonly partyKey: Uint8Array;
    /** Own id. */
    readonly vendor: string;
    readonly path: string;
    readonly freshness: Freshness;
  },
): FetchTicket {
  const ticket = verifyMessage('fetch', message, expected.partyKey);
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
  nonces.admit(`${ticket.role}:${ticket.party}`, ticket.nonce, ticket.time, now);
  return ticket;
}
