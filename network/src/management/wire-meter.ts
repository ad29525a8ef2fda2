/**
 * Counts what comes over a WebSocket with its framing (RFC 6455 §5.2): before a session everything is bounded, control
 * frames and unfinished messages too (protocol §1), and a message that comes in part is memory that somebody else makes
 * this node hold.
 */

import { limits } from '@lamplighter/sdk/wire';

/** Room for the framing of three frames, and for a few control frames. */
const FRAMING_BYTES = 1_024;

/** Two of the largest frames. */
const PATIENCE_BYTES = 2 * limits.FMAX_MOST;

/** Masked frames have 4 bytes more; lengths from 126 on have fields of their own. */
const SHORT_MOST = 125;
const MEDIUM_MOST = 65_535;

function framed(payload: number): number {
  if (payload <= SHORT_MOST) return payload + 6;
  return payload <= MEDIUM_MOST ? payload + 8 : payload + 14;
}

/** See the module comment. */
export class WireMeter {
  readonly #before: number;
  #came = 0;
  #complete = 0;

  /** @param handshakeBytes bytes of frames that may come before a session */
  constructor(handshakeBytes: number) {
    this.#before = handshakeBytes + FRAMING_BYTES;
  }

  /** More came than any handshake has. */
  get exceedsHandshake(): boolean {
    return this.#came > this.#before;
  }

  /** More came than who was told to end may have had under way. */
  get exceedsPatience(): boolean {
    return this.#came > this.#before + PATIENCE_BYTES;
  }

  /** Bytes of what has not come to its end. */
  get partial(): number {
    return Math.max(0, this.#came - this.#complete);
  }

  /** Bytes came. */
  came(bytes: number): void {
    this.#came += bytes;
  }

  /** A message or control frame is complete. */
  complete(payload: number): void {
    this.#complete += framed(payload);
  }
}
