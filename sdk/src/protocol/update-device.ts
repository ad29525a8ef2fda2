/**
 * D's half of protocols 2 and 4 up to the delivery (docs/protocol.md §6.3 steps 1, 2 and 8, §6.5 steps 3 and 4): when it
 * asks, which offers it looks at, and whether the offer is made to the firmware it runs.
 */
import { equalBytes } from '../wire/bytes.ts';
import { MANIFEST_BLOB_BYTES } from '../wire/limits.ts';
import type { BlobRef, Message, UpdOffer, UpdQuery } from '../wire/message-types.ts';
import { BlobKind, ResultCode } from '../wire/message-types.ts';
import { messageNumber } from '../wire/messages.ts';

/** §6.3: no second query while one is open for less than this, seconds. */
export const QUERY_OPEN = 60;
/** §6.3: a query without an answer ends after this, seconds. */
export const QUERY_ANSWER = 300;
/** §6.1: unsolicited offers taken in an hour. */
export const OFFER_RATE = 4;
const HOUR = 3600;

/** What D remembers of queries and offers; times are seconds of its monotonic clock. */
export interface UpdateState {
  /** When an answer was asked for: a query, or a wish for a proof. */
  readonly queryAt: number | null;
  /** What the answer has to prove itself for, 32 bytes; null for class L. Used once. */
  readonly challenge: Uint8Array | null;
  /** When unsolicited offers came, at most {@link OFFER_RATE}. */
  readonly offers: readonly number[];
}

export const NO_UPDATE_STATE: UpdateState = { queryAt: null, challenge: null, offers: [] };

/** What D tells of the image in use. */
export interface OwnImage {
  readonly seq: number;
  readonly version: string;
  readonly size: number;
  /** SHA-256 of the slot in use, measured now. */
  readonly hfw: Uint8Array;
}

/**
 * Update request, step 1: UTI ± 10 %; after a start uniform(0, UTI).
 *
 * @param random a number from [0, 1)
 * @returns seconds from now
 */
export function nextQueryIn(uti: number, random: number, first: boolean): number {
  return first ? uti * random : uti * (0.9 + 0.2 * random);
}

/** §6.3: false while a query is open that is younger than 60 s. */
export function mayQuery(state: UpdateState, now: number): boolean {
  return state.queryAt === null || now - state.queryAt >= QUERY_OPEN;
}

/** Update request, step 2. `challenge`: 32 fresh bytes for class E, empty for class L. */
export function openQuery(
  state: UpdateState,
  idD: string,
  image: OwnImage,
  challenge: Uint8Array,
  now: number,
): { state: UpdateState; query: UpdQuery } {
  const { seq, version: ver, size, hfw } = image;
  const query = { type: 'upd-query', idD, seq, ver, size, hfw, challenge } as const;
  return { state: awaiting(state, challenge, now), query };
}

/** Propagation, step 4: an answer is awaited as for a query, but nothing is told of the image. */
export function wantProof(
  state: UpdateState,
  challenge: Uint8Array,
  now: number,
): { state: UpdateState; want: Message } {
  return { state: awaiting(state, challenge, now), want: { type: 'proof-want', challenge } };
}

function awaiting(state: UpdateState, challenge: Uint8Array, now: number): UpdateState {
  return { ...state, queryAt: now, challenge: challenge.length === 0 ? null : challenge };
}

/** The challenge of the answer that is awaited, null when there is none or its 300 s are over. */
export function openChallenge(state: UpdateState, now: number): Uint8Array | null {
  return queryIsOpen(state, now) ? state.challenge : null;
}

/** §6.3: true when a challenge was given and no answer has come in time. */
export function challengeLapsed(state: UpdateState, now: number): boolean {
  return state.challenge !== null && !queryIsOpen(state, now);
}

/** True while an answer to a query is awaited. */
export function queryIsOpen(state: UpdateState, now: number): boolean {
  return state.queryAt !== null && now - state.queryAt < QUERY_ANSWER;
}

/** Update request, step 8, or the end of its 300 s: the query is closed. */
export function closeQuery(state: UpdateState): UpdateState {
  return { ...state, queryAt: null, challenge: null };
}

/**
 * Propagation, step 3: an offer that no query asked for counts against the rate of §6.1. Call before the slot is measured:
 * a measure costs more than an offer.
 */
export function admitOffer(
  state: UpdateState,
  now: number,
): { state: UpdateState; refusal: Message | null } {
  if (queryIsOpen(state, now)) return { state: closeQuery(state), refusal: null };
  const recent = state.offers.filter((at) => now - at < HOUR);
  if (recent.length >= OFFER_RATE) {
    return { state: { ...state, offers: recent }, refusal: refuseOffer(ResultCode.busy) };
  }
  return { state: { ...closeQuery(state), offers: [...recent, now] }, refusal: null };
}

/** Propagation, step 4: both equal to D's own measure, else error 4. What its proofs are worth is judged apart. */
export function judgeOffer(
  offer: UpdOffer,
  own: Pick<OwnImage, 'seq' | 'hfw'>,
): { readonly manifest: BlobRef } | { readonly refusal: Message } {
  if (offer.curSeq !== own.seq || !equalBytes(offer.curHfw, own.hfw)) {
    return { refusal: refuseOffer(ResultCode.currentDoesNotFit) };
  }
  const { manifest, proofs } = offer;
  const isProof = proofs === false || proofs.kind === BlobKind.proofSet;
  if (!isProof || manifest.kind !== BlobKind.manifest) {
    return { refusal: refuseOffer(ResultCode.notSupported) };
  }
  if (manifest.size === 0 || manifest.size > MANIFEST_BLOB_BYTES) {
    return { refusal: refuseOffer(ResultCode.noRoom) };
  }
  return { manifest };
}

/** The `error` that answers an upd-offer. */
export function refuseOffer(code: number): Message {
  return { type: 'error', re: messageNumber['upd-offer'], code };
}
