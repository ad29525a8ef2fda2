/** What a manager asks of a vendor node, over HTTP: formats, limits and checks of an answer in one call each. */
import { randomBytes } from 'node:crypto';

import { decodeCbor, limits, WireError } from '@lamplighter/sdk/wire';

import { ExchangeError } from './exchange-error.ts';
import { fetchBounded } from './fetch.ts';
import { newFetchTicket } from './fetch-ticket.ts';
import { fetchImage } from './image-request.ts';
import { NONCE_BYTES } from './freshness.ts';
import { openHandOver, requireDigest, type HandOver } from './hand-over.ts';
import { signRenewalRequest } from './renewal.ts';
import { openUpdateAnswer, signUpdateRequest, type UpdateAnswer } from './update-request.ts';

/** Who asks whom. */
export interface ManagerParty {
  /** Own id. */
  readonly manager: string;
  /** PU_j's Ed25519 seed. */
  readonly signatureKey: Uint8Array;
  /** X25519 secret of the `sealingKey` on the ledger. */
  readonly sealingSecretKey: Uint8Array;
  /** The vendor's id. */
  readonly vendor: string;
  /** The vendor's release key, from the ledger. */
  readonly vendorKey: Uint8Array;
  /** The vendor's base URL, from the ledger (VendorRecord or ReleaseRecord). */
  readonly url: string;
  readonly signal?: AbortSignal;
}

/** 64 validators and eight signatures. */
const SET_BYTES = 32_768;
/** Sealed texts are envelopes of a few kilobytes. */
const SEALED_BYTES = 65_536;
/** A `signed` manifest: 4096 bytes and signatures. */
const ENVELOPE_BYTES = 65_536;
/** So many generations as a device checks in a session. */
const ROOTS_BYTES = limits.ROOTS_MOST * limits.NOTICE_BYTES;
/** The device waits in its session meanwhile. */
const ASSIGNMENT_DEADLINE_MS = 20_000;

/** Fetches and opens the assignment that the ledger names. @param assignment.digest 32 bytes. @throws ExchangeError */
export async function requestHandOver(
  party: ManagerParty,
  assignment: { readonly device: string; readonly serial: number; readonly digest: Uint8Array },
): Promise<HandOver> {
  const { device, serial } = assignment;
  const url = `${party.url}/v1/assignments/${device}/${serial}`;
  const bytes = await fetchBounded(url, { limitBytes: SEALED_BYTES, ...signalOf(party) });
  return openHandOver(bytes, { ...party, ...assignment });
}

/**
 * The `signed` assignment that the ledger names, without its secrets: what took a device away from this manager (§2.3).
 *
 * @param assignment.digest 32 bytes
 * @throws ExchangeError EXCHANGE_DIGEST_MISMATCH, EXCHANGE_MALFORMED, FETCH_…
 */
export async function requestAssignment(
  party: ManagerParty,
  assignment: { readonly device: string; readonly serial: number; readonly digest: Uint8Array },
): Promise<Uint8Array> {
  const { device, serial, digest } = assignment;
  const path = `/v1/assignments/${device}/${serial}/envelope`;
  const subject = { role: 'manager', party: party.manager, vendor: party.vendor, path } as const;
  const envelope = await fetchBounded(party.url + path, {
    headers: { authorization: newFetchTicket(subject, party.signatureKey) },
    limitBytes: limits.NOTICE_BYTES,
    deadlineMs: ASSIGNMENT_DEADLINE_MS,
    ...signalOf(party),
  });
  requireDigest(device, envelope, digest);
  return envelope;
}

/**
 * The vendor's signed roots after a generation, in order (§7.1). Not verified: devices hold the keys that say so.
 *
 * @throws ExchangeError EXCHANGE_MALFORMED, FETCH_…
 */
export async function requestRoots(
  party: ManagerParty,
  gen: number,
): Promise<readonly Uint8Array[]> {
  const url = `${party.url}/v1/roots/${gen}`;
  const bytes = await fetchBounded(url, { limitBytes: ROOTS_BYTES, ...signalOf(party) });
  const items = decoded(bytes);
  if (Array.isArray(items) && items.every((item) => item instanceof Uint8Array)) return items;
  throw new ExchangeError('EXCHANGE_MALFORMED', `expected a list of roots from ${party.vendor}`);
}

function decoded(bytes: Uint8Array): unknown {
  try {
    return decodeCbor(bytes);
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new ExchangeError('EXCHANGE_MALFORMED', cause.message, { cause });
  }
}

/**
 * Asks for a new assignment of a lightweight device whose chain comes to its end (§3.3). Resolves when the vendor has heard.
 *
 * @throws ExchangeError FETCH_…
 */
export async function requestRenewal(
  party: ManagerParty,
  assignment: { readonly device: string; readonly serial: number },
): Promise<void> {
  const { manager, vendor, signatureKey } = party;
  const fresh = { nonce: new Uint8Array(randomBytes(NONCE_BYTES)), time: seconds() };
  const body = signRenewalRequest({ manager, vendor, ...assignment, ...fresh }, signatureKey);
  await fetchBounded(`${party.url}/v1/renewals`, { body, limitBytes: 0, ...signalOf(party) });
}

/** Update request, steps 4 to 7. `sha256` of what the device runs. @throws ExchangeError */
export async function requestUpdate(
  party: ManagerParty,
  running: {
    readonly device: string;
    readonly model: string;
    readonly gen: number;
    readonly seq: number;
    readonly sha256: Uint8Array;
  },
): Promise<UpdateAnswer> {
  const { manager, vendor } = party;
  const fresh = { nonce: new Uint8Array(randomBytes(NONCE_BYTES)), time: seconds() };
  const body = signUpdateRequest({ manager, vendor, ...running, ...fresh }, party.signatureKey);
  const options = { body, limitBytes: SEALED_BYTES, ...signalOf(party) };
  const answer = await fetchBounded(`${party.url}/v1/update-requests`, options);
  return openUpdateAnswer(answer, body, party);
}

/**
 * An image by its digest, whole.
 *
 * @param image.size from the signed manifest; one byte more or less is refused
 * @throws ExchangeError EXCHANGE_DIGEST_MISMATCH, FETCH_…
 */
export async function requestImage(
  party: ManagerParty,
  image: { readonly sha256: Uint8Array; readonly size: number },
): Promise<Uint8Array> {
  return fetchImage({ ...party, role: 'manager', party: party.manager }, image, party.signatureKey);
}

/** Class L: the `signed` manifest of a release under one device's vendor MAC. @param release id, hex */
export async function requestDeviceEnvelope(
  party: ManagerParty,
  release: string,
  device: string,
): Promise<Uint8Array> {
  const url = `${party.url}/v1/releases/${release}/envelopes/${device}`;
  return fetchBounded(url, { limitBytes: ENVELOPE_BYTES, ...signalOf(party) });
}

/** The present validator set under the vendor's signature (§7.3, kind 8); devices verify it. @throws ExchangeError FETCH_… */
export async function requestValidatorSet(party: ManagerParty): Promise<Uint8Array> {
  const url = `${party.url}/v1/validators`;
  return fetchBounded(url, { limitBytes: SET_BYTES, ...signalOf(party) });
}

function signalOf(party: ManagerParty): { readonly signal?: AbortSignal } {
  return party.signal === undefined ? {} : { signal: party.signal };
}

function seconds(): number {
  return Math.floor(Date.now() / 1_000);
}
