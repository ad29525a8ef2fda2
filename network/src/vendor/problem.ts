/** Errors as problem+json (RFC 9457). What is not ours is told as INTERNAL, without its text. Pure. */
import { LamplighterError } from '../errors.ts';
import { ExchangeError, type ExchangeErrorCode } from '../exchange/index.ts';
import { LedgerError } from '../ledger/index.ts';
import { isRefusal } from './retry.ts';
import { VendorError, type VendorErrorCode } from './vendor-error.ts';

export interface Problem {
  readonly type: 'about:blank';
  readonly status: number;
  /** Stable; see the error's class. */
  readonly code: string;
  readonly detail: string;
}

const VENDOR_STATUS: Readonly<Record<VendorErrorCode, number>> = {
  ADDRESS_IN_USE: 500,
  CLOSED: 503,
  BUSY: 503,
  ROUTE_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_MALFORMED: 400,
  BODY_TOO_LARGE: 413,
  RANGE_NOT_SATISFIABLE: 416,
  NOT_AUTHORISED: 401,
  IMAGE_NOT_FOUND: 404,
  VALIDATORS_NOT_FOUND: 404,
  IMAGE_CORRUPT: 500,
  IMAGE_TOO_LARGE: 413,
  DEVICE_UNKNOWN: 404,
  DEVICE_EXISTS: 409,
  ASSIGNMENT_UNKNOWN: 404,
  DEVICE_RETIRED: 409,
  MANAGER_NOT_OVERDUE: 409,
  DEVICE_NOT_MANAGED: 403,
  RENEWAL_REFUSED: 409,
  RENEWAL_TOO_OFTEN: 429,
  RELEASE_MISMATCH: 404,
  RELEASE_NOT_APPROVED: 409,
  RELEASE_REFUSED: 409,
  STORE_CORRUPT: 500,
  STORE_FULL: 507,
  INTERNAL: 500,
};

/** What a requester did wrong, by the exchange's codes; failures of a request of our own are 502. */
const EXCHANGE_STATUS: Readonly<Partial<Record<ExchangeErrorCode, number>>> = {
  EXCHANGE_MALFORMED: 400,
  EXCHANGE_BAD_SIGNATURE: 401,
  EXCHANGE_STALE: 401,
  EXCHANGE_REPLAYED: 401,
  EXCHANGE_TOO_MANY: 503,
  EXCHANGE_WRONG_RECIPIENT: 403,
  EXCHANGE_MISMATCH: 403,
};

export function problemOf(error: unknown): Problem {
  if (!(error instanceof LamplighterError)) {
    return { type: 'about:blank', status: 500, code: 'INTERNAL', detail: 'the vendor node failed' };
  }
  const known = error as LamplighterError;
  return { type: 'about:blank', status: statusOf(known), code: known.code, detail: known.message };
}

function statusOf(error: LamplighterError): number {
  if (error instanceof VendorError) return VENDOR_STATUS[error.code];
  if (error instanceof ExchangeError) return EXCHANGE_STATUS[error.code] ?? 502;
  if (error instanceof LedgerError) return ledgerStatusOf(error);
  return 500;
}

function ledgerStatusOf(error: LedgerError): number {
  if (error.code.endsWith('_NOT_FOUND')) return 404;
  return isRefusal(error) ? 409 : 503;
}
