/**
 * A session (docs/protocol.md §5, and §1 for what may come when): messages to records and back, strictly in sequence. The
 * first failure ends it and erases its keys.
 */
import { trafficSecret } from '../crypto/key-schedule.ts';
import type { Suite } from '../crypto/suites.ts';
import { WireError } from '../wire/errors.ts';
import { decodeFrame, encodeFrame, type ContentFrame, type Frame } from '../wire/frames.ts';
import { CloseCode, type Message } from '../wire/message-types.ts';
import { decodeMessage, encodeMessage, type Extension } from '../wire/messages.ts';
import { ProtocolError, type ProtocolErrorCode } from './errors.ts';
import { attempt } from './handshake-common.ts';
import { RecordChannel } from './record-channel.ts';

/** Which end this is. */
export type SessionRole = 'device' | 'manager';

export interface SessionParameters {
  readonly suite: Suite;
  /** MS, erased by the caller. */
  readonly ms: Uint8Array;
  readonly h4: Uint8Array;
  readonly role: SessionRole;
  /** Largest frame in bytes, as D told it in Hello. */
  readonly fmax: number;
}

/** What a frame of a session holds: a message, one of a type unknown here, or a chunk. */
export type Incoming = Message | Extension | ContentFrame;

/** Messages that only one side sends; all others come from both (§1, §6). */
const onlyFrom: ReadonlyMap<string, SessionRole> = new Map<Message['type'], SessionRole>([
  ['ticket', 'manager'],
  ['ready', 'manager'],
  ['mon-req-e', 'manager'],
  ['mon-req-l', 'manager'],
  ['mon-ans', 'device'],
  ['mon-set', 'manager'],
  ['mon-ack', 'device'],
  ['upd-query', 'device'],
  ['upd-none', 'manager'],
  ['upd-offer', 'manager'],
  ['proof-want', 'device'],
  ['head', 'manager'],
  ['result', 'device'],
  ['result-ack', 'manager'],
  ['push', 'manager'],
  ['push-ack', 'device'],
  ['suspend', 'manager'],
]);

/** Bytes that a record frame adds to ciphertext and tag: array head, type, head of the byte string. */
function recordOverhead(sealedBytes: number): number {
  if (sealedBytes < 24) return 3;
  if (sealedBytes < 0x100) return 4;
  return sealedBytes < 0x1_0000 ? 5 : 7;
}

export class Session {
  /** Hash over the whole handshake, 32 bytes: binds signatures to this session. */
  readonly h4: Uint8Array;
  /** Largest frame in bytes, both ways. */
  readonly fmax: number;
  readonly #suite: Suite;
  readonly #role: SessionRole;
  readonly #sending: RecordChannel;
  readonly #receiving: RecordChannel;
  /** True once `ready` was sent (M) or has opened (D). */
  #ready = false;
  #closed = false;

  constructor({ suite, ms, h4, role, fmax }: SessionParameters) {
    const channel = (direction: 'm2d' | 'd2m'): RecordChannel =>
      new RecordChannel(suite, direction, trafficSecret(suite, ms, direction, h4));
    this.h4 = h4;
    this.fmax = Math.min(fmax, suite.limits.frameBytes);
    this.#suite = suite;
    this.#role = role;
    this.#sending = channel(role === 'manager' ? 'm2d' : 'd2m');
    this.#receiving = channel(role === 'manager' ? 'd2m' : 'm2d');
  }

  /** True when `ready` was sent (M) or has opened (D). */
  get isReady(): boolean {
    return this.#ready;
  }

  /** True after a failure or {@link dispose}. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /**
   * Frames of a message, in order: a `rekey` record goes ahead when half a limit is used.
   *
   * @throws {@link RangeError} for a message that this side does not send, or not now, or that is larger than `fmax`
   * @throws {@link ProtocolError} `SESSION_CLOSED`, `RECORD_LIMIT`
   */
  seal(message: Message): Uint8Array[] {
    this.#checkOpen();
    this.#checkSending(message);
    const text = encodeMessage(message);
    const sealedBytes = text.length + this.#suite.tagBytes;
    const frameBytes = sealedBytes + recordOverhead(sealedBytes);
    if (frameBytes > this.fmax) {
      throw new RangeError(`expected a frame of at most ${this.fmax} bytes, got ${frameBytes}`);
    }
    const frames = this.#sending.isHalfUsed ? [this.rekey()] : [];
    frames.push(this.#record(text));
    if (message.type === 'ready') this.#ready = true;
    return frames;
  }

  /**
   * The `rekey` record, last of the present generation; {@link seal} does it by itself at half a limit.
   *
   * @throws {@link RangeError} before `ready`
   * @throws {@link ProtocolError} `SESSION_CLOSED`
   */
  rekey(): Uint8Array {
    this.#checkOpen();
    if (!this.#ready) throw new RangeError('expected ready before any other record');
    const gen = this.#sending.generation + 1;
    const frame = this.#record(encodeMessage({ type: 'rekey', gen }));
    this.#sending.rekey();
    return frame;
  }

  /**
   * Opens a frame. `rekey` has taken effect when it is returned; an extension is to be ignored and counted.
   *
   * @throws {@link ProtocolError} with the close code of §5; the session is over then
   */
  open(frame: Uint8Array): Incoming {
    this.#checkOpen();
    try {
      return this.#opened(frame);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Erases the keys; nothing can be sealed or opened any more. */
  dispose(): void {
    this.#closed = true;
    this.#sending.erase();
    this.#receiving.erase();
  }

  #checkOpen(): void {
    if (this.#closed) fail('SESSION_CLOSED', 'the session is over');
  }

  #checkSending({ type }: Message): void {
    if ((onlyFrom.get(type) ?? this.#role) !== this.#role) {
      throw new RangeError(`expected a message that a ${this.#role} sends, got ${type}`);
    }
    if (type === 'rekey') throw new RangeError('expected rekey() for this message');
    const opening = this.#role === 'manager' && !this.#ready;
    if ((type === 'ready') !== opening || (!opening && !this.#ready)) {
      throw new RangeError(`expected ready first and once, got ${type}`);
    }
  }

  #record(text: Uint8Array): Uint8Array {
    // §5: at the limit it MUST NOT send. Rekeying at half of it keeps a session from coming here.
    if (this.#sending.isBeyondLimit(text.length)) {
      fail('RECORD_LIMIT', 'the key of this direction has reached its limit');
    }
    return encodeFrame({ type: 'record', sealed: this.#sending.seal(text) });
  }

  #opened(bytes: Uint8Array): Incoming {
    const frame = this.#frame(bytes);
    if (frame.type === 'content' && this.#role === 'device' && this.#ready) return frame;
    if (frame.type !== 'record') {
      malformed('FRAME_UNEXPECTED', `expected a record, got ${frame.type}`);
    }
    const message = decoded(this.#text(frame.sealed));
    this.#checkReceived(message);
    if (message.type === 'rekey') this.#rekeyReceiving(message.gen);
    if (message.type === 'ready') this.#ready = true;
    return message;
  }

  #frame(bytes: Uint8Array): Frame {
    if (bytes.length > this.fmax) {
      malformed(
        'FRAME_TOO_LARGE',
        `expected a frame of at most ${this.fmax} bytes, got ${bytes.length}`,
      );
    }
    return attempt(
      () => decodeFrame(bytes),
      (cause) => malformed('FRAME_MALFORMED', cause.message, cause),
    );
  }

  /** §5: exactly the next record, within the limits of its key. */
  #text(sealed: Uint8Array): Uint8Array {
    if (this.#receiving.isBeyondLimit(Math.max(0, sealed.length - this.#suite.tagBytes))) {
      fail('RECORD_LIMIT', 'the key of this direction has reached its limit');
    }
    return attempt(
      () => this.#receiving.open(sealed),
      (cause) => fail('RECORD_NOT_AUTHENTIC', 'the record does not open', cause),
    );
  }

  #checkReceived({ type }: Message | Extension): void {
    if (onlyFrom.get(type) === this.#role) {
      fail('MESSAGE_FROM_WRONG_SIDE', `a ${type} comes from a ${this.#role} only`);
    }
    const opening = this.#role === 'device' && !this.#ready;
    if ((type === 'ready') !== opening || (!opening && !this.#ready)) {
      fail('MESSAGE_OUT_OF_ORDER', `expected ready first and once, got ${type}`);
    }
  }

  #rekeyReceiving(gen: number): void {
    const expected = this.#receiving.generation + 1;
    if (gen !== expected) {
      fail('REKEY_WRONG_GENERATION', `expected rekey to generation ${expected}, got ${gen}`);
    }
    this.#receiving.rekey();
  }
}

function fail(code: ProtocolErrorCode, message: string, cause?: unknown): never {
  throw new ProtocolError(code, CloseCode.failed, message, { cause });
}

function malformed(code: ProtocolErrorCode, message: string, cause?: unknown): never {
  throw new ProtocolError(code, CloseCode.malformed, message, { cause });
}

function decoded(text: Uint8Array): Message | Extension {
  try {
    return decodeMessage(text);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const code =
      error.code === 'MESSAGE_TYPE_UNKNOWN' ? 'MESSAGE_TYPE_UNKNOWN' : 'RECORD_MALFORMED';
    throw new ProtocolError(code, error.closeCode, error.message, { cause: error });
  }
}
