/**
 * The present validator set under the vendor's signature, for managers whose devices no link brings forward any more (protocol
 * §7.3, kind 8). Public, and made once in a minute at most.
 */
import type { Route } from './http.ts';
import type { ProvisionedLedger } from './provisioned-ledger.ts';
import { VendorError } from './vendor-error.ts';

const CBOR = 'application/cbor';
const KEPT_MS = 60_000;

export interface ValidatorsRouteParts {
  readonly ledger: () => Promise<ProvisionedLedger | null>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export function validatorsRoute({ ledger, now }: ValidatorsRouteParts): Route {
  let kept: { readonly at: number; readonly found: ReturnType<typeof ledger> } | undefined;
  return {
    method: 'GET',
    pattern: /^\/v1\/validators$/,
    handle: async () => {
      if (kept === undefined || Math.abs(now() - kept.at) >= KEPT_MS) {
        kept = { at: now(), found: ledger() };
      }
      const { found } = kept;
      const present = await found.catch((error: unknown) => {
        kept = undefined;
        throw error;
      });
      if (present === null)
        throw new VendorError('VALIDATORS_NOT_FOUND', 'there is no validator set yet');
      return { type: CBOR, body: new Uint8Array(Buffer.from(present.validators, 'hex')) };
    },
  };
}
