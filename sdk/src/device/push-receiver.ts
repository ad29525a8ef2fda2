/** Objects that M pushes (docs/protocol.md §2.3, §6.7): a new assignment is fetched, verified and taken. */
import { BlobReceiver } from '../protocol/blob-receiver.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { equalBytes } from '../wire/bytes.ts';
import { NOTICE_BYTES } from '../wire/limits.ts';
import { BlobKind, CloseCode, ResultCode } from '../wire/message-types.ts';
import type { BlobRef, Message } from '../wire/message-types.ts';
import { NOTICE_SECONDS, takeAssignment } from './reassignment.ts';
import type { DeviceServices, SessionLink } from './session-link.ts';

/** Pushes in one session, one at a time. */
export class PushReceiver {
  readonly #device: DeviceServices;
  readonly #link: SessionLink;
  #receiving: BlobReceiver | null = null;
  #checkedAt = -Infinity;

  constructor(device: DeviceServices, link: SessionLink) {
    this.#device = device;
    this.#link = link;
  }

  /** `push`: assignments only in this version; configuration comes with §6.7. */
  begin(ref: BlobRef): void {
    if (ref.kind !== BlobKind.assignment) this.#acknowledge(ref.sha256, ResultCode.notSupported);
    else if (this.#isBusy()) this.#acknowledge(ref.sha256, ResultCode.busy);
    else if (ref.size === 0 || ref.size > NOTICE_BYTES) {
      this.#acknowledge(ref.sha256, ResultCode.noRoom);
    } else {
      this.#receiving = new BlobReceiver(ref.sha256, ref.size, this.#link.session.fmax);
      this.#link.send(this.#receiving.want());
    }
  }

  /** True when a blob's name is that of the push under way. */
  expects(name: Uint8Array): boolean {
    return this.#receiving !== null && equalBytes(this.#receiving.sha256, name);
  }

  async blob(piece: Extract<Message, { type: 'blob' }>): Promise<void> {
    const progress = this.#receiving?.take(piece) ?? { kind: 'false' };
    if (progress.kind === 'want') this.#link.send(progress.want);
    if (progress.kind === 'false') this.#link.end({ kind: 'closed', code: CloseCode.failed });
    if (progress.kind === 'whole') await this.#take(piece.sha256, progress.bytes);
  }

  async #take(name: Uint8Array, envelope: Uint8Array): Promise<void> {
    this.#receiving = null;
    if (!equalBytes(sha256(envelope), name)) {
      this.#acknowledge(name, ResultCode.chunkOrDigest);
      return;
    }
    const { memory, code, emit, clock } = this.#device;
    this.#checkedAt = clock.now();
    const taken = await takeAssignment(envelope, memory, code, emit);
    if (taken.kind === 'refused') {
      this.#acknowledge(name, taken.code);
      emit('error', { error: taken.error });
      return;
    }
    this.#acknowledge(name, taken.kind === 'known' ? ResultCode.alreadyThere : ResultCode.good);
    this.#link.end({ kind: taken.kind === 'retired' ? 'retired' : 'reassigned' });
  }

  /** One at a time, and one in a minute: a signature check is dear. */
  #isBusy(): boolean {
    const sinceCheck = this.#device.clock.now() - this.#checkedAt;
    return this.#receiving !== null || sinceCheck < NOTICE_SECONDS;
  }

  #acknowledge(name: Uint8Array, code: number): void {
    this.#link.send({ type: 'push-ack', sha256: name, code });
  }
}
