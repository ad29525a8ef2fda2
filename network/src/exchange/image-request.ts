/** Fetches an image from a vendor node, signed by whoever fetches, and checks it against its digest. */
import { createHash, timingSafeEqual } from 'node:crypto';

import { ExchangeError } from './exchange-error.ts';
import { fetchBounded, type FetchPatience } from './fetch.ts';
import { newFetchTicket, type FetchTicket } from './fetch-ticket.ts';

/** Who fetches from where. */
export interface ImageSource extends Pick<FetchTicket, 'role' | 'party' | 'vendor'> {
  /** Base URL. */
  readonly url: string;
  /** @default that of {@link fetchBounded} */
  readonly patience?: FetchPatience;
  readonly signal?: AbortSignal;
}

/**
 * @param image.size exactly so many bytes are taken
 * @param secretKey Ed25519 seed of the party
 * @throws ExchangeError EXCHANGE_DIGEST_MISMATCH, FETCH_…
 */
export async function fetchImage(
  source: ImageSource,
  image: { readonly sha256: Uint8Array; readonly size: number },
  secretKey: Uint8Array,
): Promise<Uint8Array> {
  const { role, party, vendor, url } = source;
  const path = `/v1/firmware/${Buffer.from(image.sha256).toString('hex')}`;
  const ticket = newFetchTicket({ role, party, vendor, path }, secretKey);
  const bytes = await fetchBounded(url + path, {
    headers: { authorization: ticket },
    limitBytes: image.size,
    exactBytes: image.size,
    ...source.patience,
    ...(source.signal === undefined ? {} : { signal: source.signal }),
  });
  if (!timingSafeEqual(createHash('sha256').update(bytes).digest(), image.sha256)) {
    throw new ExchangeError('EXCHANGE_DIGEST_MISMATCH', `${path} is not what its name says`);
  }
  return bytes;
}
