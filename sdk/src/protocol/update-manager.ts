/**
 * M's half of protocols 2 and 4 on the wire (docs/protocol.md §6.3 steps 3, 8 and 9, §6.5 steps 3 and 5). What happens
 * between M and the vendor (§6.3 steps 4 to 7) is not here.
 */
import type { BlobRef, Message, UpdOffer, UpdQuery } from '../wire/message-types.ts';
import { BlobKind, ResultCode } from '../wire/message-types.ts';
import { messageNumber } from '../wire/messages.ts';
import { differences } from './monitoring-manager.ts';
import type { AbnormalReason, ExpectedImage } from './monitoring-manager.ts';

/** §6.2: a device is `updating`, and not compared, for at most this long without a result, seconds. */
export const UPDATING_FOR = 1800;

/** A release as it is offered: the digest and size of its `signed` bytes (§7.1). */
export interface OfferedManifest {
  readonly sha256: Uint8Array;
  readonly size: number;
}

/**
 * Where an update stands at M; `at` is when this release was offered to this device for the first time, seconds of M's
 * clock: what a device does with an offer does not restart it.
 */
export type UpdateProgress =
  | { readonly stage: 'idle' }
  | { readonly stage: 'offered'; readonly at: number }
  /** All chunks are at D (`done` 0): it tries the new image. */
  | { readonly stage: 'trying'; readonly at: number; readonly sha256: Uint8Array };

/** Update request, step 3: what differs from the database, empty when all is right. */
export function judgeQuery(
  query: UpdQuery,
  idD: string,
  expected: ExpectedImage & { readonly hfw: Uint8Array },
): { readonly kind: 'false' } | { readonly kind: 'judged'; readonly reasons: AbnormalReason[] } {
  if (query.idD !== idD) return { kind: 'false' };
  const { seq, ver, size, hfw } = query;
  return { kind: 'judged', reasons: differences({ seq, ver, size, hfw }, expected, expected) };
}

/** A proof set as it is told of: the digest and size of its bytes (§7.3); null where there is none. */
export type ToldProofs = OfferedManifest | null;

function proofRef(proofs: ToldProofs): BlobRef | false {
  if (proofs === null) return false;
  return { kind: BlobKind.proofSet, sha256: proofs.sha256, size: proofs.size };
}

/** Update request, step 8: no offer; `why` of {@link NoUpdate}. */
export function noUpdate(why: number, proofs: ToldProofs = null): Message {
  return { type: 'upd-none', why, proofs: proofRef(proofs) };
}

/** Update request, step 8, and propagation, step 3: version and H(current fw) are those of D as M has them. */
export function offerUpdate(
  current: { readonly seq: number; readonly hfw: Uint8Array },
  manifest: OfferedManifest,
  proofs: ToldProofs = null,
): UpdOffer {
  return {
    type: 'upd-offer',
    curSeq: current.seq,
    curHfw: current.hfw,
    manifest: { kind: BlobKind.manifest, sha256: manifest.sha256, size: manifest.size },
    proofs: proofRef(proofs),
  };
}

/** Propagation, step 4: true when D's own measure differs from M's, which is abnormal. */
export function offerShowsAbnormal(message: Message): boolean {
  if (message.type !== 'error' || message.re !== messageNumber['upd-offer']) return false;
  return message.code === ResultCode.currentDoesNotFit;
}

/** §6.6, step 6: `done` for the image moves an update on; any other code ends it. */
export function takeDone(
  message: Extract<Message, { type: 'done' }>,
  image: Uint8Array,
  at: number,
): UpdateProgress {
  return message.code === ResultCode.good
    ? { stage: 'trying', at, sha256: image }
    : { stage: 'idle' };
}

/** §6.2: `updating` until the result, or 30 minutes. A clock that was set back spares nobody. */
export function isUpdating(progress: UpdateProgress, now: number): boolean {
  if (progress.stage === 'idle') return false;
  const passed = now - progress.at;
  return passed >= 0 && passed < UPDATING_FOR;
}

/** Update request, steps 9 and 10: every result is acknowledged, also one that was heard before. */
export function acknowledgeResult(result: Extract<Message, { type: 'result' }>): Message {
  return { type: 'result-ack', attempt: result.attempt };
}
