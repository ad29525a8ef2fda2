/**
 * `notice` (docs/protocol.md §1, §2.3): the assignment that replaces a kid, cut into pieces that fit the frames before a
 * session, and put together again. What it says is verified by enrolment, not here.
 */
import { concatBytes } from '../wire/bytes.ts';
import { encodeFrame, type NoticeFrame } from '../wire/frames.ts';
import { NOTICE_BYTES, NOTICE_PIECE_BYTES } from '../wire/limits.ts';
import { malformed } from './handshake-common.ts';

/**
 * Frames of an envelope, in order.
 *
 * @throws {@link RangeError} for an envelope that is empty or larger than 20480 bytes
 */
export function noticeFrames(envelope: Uint8Array): Uint8Array[] {
  const total = envelope.length;
  if (total === 0 || total > NOTICE_BYTES) {
    throw new RangeError(`expected an envelope of 1..${NOTICE_BYTES} bytes, got ${total}`);
  }
  const frames: Uint8Array[] = [];
  for (let from = 0; from < total; from += NOTICE_PIECE_BYTES) {
    const data = envelope.slice(from, from + NOTICE_PIECE_BYTES);
    frames.push(encodeFrame({ type: 'notice', total, from, data }));
  }
  return frames;
}

/** D's side: takes the pieces of one notice. */
export class NoticeAssembly {
  #bytes: Uint8Array = new Uint8Array(0);
  #total = 0;

  /**
   * @returns the envelope when this piece was the last, else undefined
   * @throws {@link ProtocolError} 4400 `NOTICE_OUT_OF_ORDER` for a piece that is empty, too large, not the next one, of
   * another total or beyond it
   */
  add({ total, from, data }: NoticeFrame): Uint8Array | undefined {
    const first = this.#bytes.length === 0;
    const end = from + data.length;
    const fits = data.length > 0 && data.length <= NOTICE_PIECE_BYTES && end <= total;
    if (!fits || from !== this.#bytes.length || (!first && total !== this.#total)) {
      malformed('NOTICE_OUT_OF_ORDER', 'expected the next piece of the notice');
    }
    this.#total = total;
    this.#bytes = concatBytes(this.#bytes, data);
    return end === total ? this.#bytes : undefined;
  }
}
