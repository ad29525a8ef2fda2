/**
 * Objects that M pushes (docs/protocol.md §2.3, §7): a new assignment, the vendor's next roots, a step of the validator set.
 * Each is fetched, verified and taken, one at a time.
 */
import { BlobReceiver } from '../protocol/blob-receiver.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { equalBytes } from '../wire/bytes.ts';
import { LINKS_MOST, NOTICE_BYTES, ROOTS_MOST } from '../wire/limits.ts';
import { BlobKind, CloseCode, ResultCode } from '../wire/message-types.ts';
import type { BlobRef, Message } from '../wire/message-types.ts';
import { PROOF_BLOB_BYTES } from '../wire/proof-set.ts';
import { NOTICE_SECONDS, takeAssignment } from './reassignment.ts';
import type { DeviceServices, SessionLink } from './session-link.ts';
import { takeRoots, takeValidators } from './trust-steps.ts';
import type { TrustStep } from './trust-steps.ts';

/** What is told of a push that has been judged. */
export interface PushListener {
  /** The validator set has moved. */
  setMoved(): Promise<void>;
  /** A link that was to move it does not. */
  noLink(): Promise<void>;
}

/** Sizes and how many are checked in a session: a signature check is dear. */
const TAKEN: Readonly<Record<number, { readonly bytes: number; readonly most: number }>> = {
  [BlobKind.assignment]: { bytes: NOTICE_BYTES, most: Infinity },
  [BlobKind.roots]: { bytes: NOTICE_BYTES, most: ROOTS_MOST },
  [BlobKind.validatorLink]: { bytes: PROOF_BLOB_BYTES, most: LINKS_MOST },
  [BlobKind.validatorSet]: { bytes: PROOF_BLOB_BYTES, most: 4 },
};

/** What a proof may be waiting for. */
const MOVES_SET: readonly number[] = [BlobKind.validatorLink, BlobKind.validatorSet];

/** Pushes in one session. */
export class PushReceiver {
  readonly #device: DeviceServices;
  readonly #link: SessionLink;
  readonly #listener: PushListener;
  #receiving: { readonly blob: BlobReceiver; readonly kind: number } | null = null;
  #assignmentAt = -Infinity;
  readonly #taken = new Map<number, number>();

  constructor(device: DeviceServices, link: SessionLink, listener: PushListener) {
    this.#device = device;
    this.#link = link;
    this.#listener = listener;
  }

  /** `push`: configuration comes with §6.7. */
  async begin({ kind, sha256: name, size }: BlobRef): Promise<void> {
    const refusal = this.#refusal(kind, size);
    if (refusal === null) {
      const blob = new BlobReceiver(name, size, this.#link.session.fmax);
      this.#receiving = { blob, kind };
      this.#link.send(blob.want());
      return;
    }
    this.#acknowledge(name, refusal);
    if (this.#receiving === null && MOVES_SET.includes(kind)) await this.#listener.noLink();
  }

  /** Why an object is not fetched; null when it is. */
  #refusal(kind: number, size: number): number | null {
    const bounds = this.#supports(kind) ? TAKEN[kind] : undefined;
    if (bounds === undefined) return ResultCode.notSupported;
    if (this.#isBusy(kind, bounds.most)) return ResultCode.busy;
    return size === 0 || size > bounds.bytes ? ResultCode.noRoom : null;
  }

  /** True when a blob's name is that of the push under way. */
  expects(name: Uint8Array): boolean {
    return this.#receiving !== null && equalBytes(this.#receiving.blob.sha256, name);
  }

  async blob(piece: Extract<Message, { type: 'blob' }>): Promise<void> {
    const progress = this.#receiving?.blob.take(piece) ?? { kind: 'false' };
    if (progress.kind === 'want') this.#link.send(progress.want);
    if (progress.kind === 'false') this.#link.end({ kind: 'closed', code: CloseCode.failed });
    if (progress.kind === 'whole') await this.#take(piece.sha256, progress.bytes);
  }

  async #take(name: Uint8Array, object: Uint8Array): Promise<void> {
    const { kind = 0 } = this.#receiving ?? {};
    this.#receiving = null;
    if (!equalBytes(sha256(object), name)) {
      this.#acknowledge(name, ResultCode.chunkOrDigest);
      if (MOVES_SET.includes(kind)) await this.#listener.noLink();
      return;
    }
    this.#taken.set(kind, (this.#taken.get(kind) ?? 0) + 1);
    if (kind === BlobKind.assignment) await this.#takeAssignment(name, object);
    else if (kind === BlobKind.roots) this.#told(name, kind, await takeRoots(object, this.#device));
    else await this.#takeValidators(name, kind, object);
  }

  async #takeAssignment(name: Uint8Array, envelope: Uint8Array): Promise<void> {
    const { memory, code, emit, clock } = this.#device;
    this.#assignmentAt = clock.now();
    const taken = await takeAssignment(envelope, memory, code, emit);
    if (taken.kind === 'refused') {
      this.#acknowledge(name, taken.code);
      emit('error', { error: taken.error });
      return;
    }
    this.#acknowledge(name, taken.kind === 'known' ? ResultCode.alreadyThere : ResultCode.good);
    this.#link.end({ kind: taken.kind === 'retired' ? 'retired' : 'reassigned' });
  }

  async #takeValidators(name: Uint8Array, kind: number, object: Uint8Array): Promise<void> {
    const step = await takeValidators(kind, object, this.#device);
    this.#told(name, kind, step);
    await (step.code === ResultCode.good ? this.#listener.setMoved() : this.#listener.noLink());
  }

  #told(name: Uint8Array, kind: number, { code, reason }: TrustStep): void {
    this.#acknowledge(name, code);
    const taken = code === ResultCode.good || code === ResultCode.alreadyThere;
    if (!taken) this.#device.emit('pushRefused', { kind, code, reason });
  }

  /** What belongs to end nodes, or to those with a ledger, is nothing for the others. */
  #supports(kind: number): boolean {
    const { code, memory } = this.#device;
    if (kind === BlobKind.roots) return code.nextRoots !== null;
    if (kind === BlobKind.assignment) return true;
    return code.witness !== null && memory.keys.ledger !== null;
  }

  /** One at a time; assignments one in a minute, the others so many in a session. */
  #isBusy(kind: number, most: number): boolean {
    const sinceCheck = this.#device.clock.now() - this.#assignmentAt;
    const tooSoon = kind === BlobKind.assignment && sinceCheck < NOTICE_SECONDS;
    return this.#receiving !== null || tooSoon || (this.#taken.get(kind) ?? 0) >= most;
  }

  #acknowledge(name: Uint8Array, code: number): void {
    this.#link.send({ type: 'push-ack', sha256: name, code });
  }
}
