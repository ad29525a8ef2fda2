/** What both ends of the handshake do alike (docs/protocol.md §1 sizes, §3.3 signed bytes, §5 close codes). */
import { asciiBytes, concatBytes } from '../wire/bytes.ts';
import { CryptoError } from '../crypto/errors.ts';
import { decodeFrame, type Frame } from '../wire/frames.ts';
import { WireError } from '../wire/errors.ts';
import { HANDSHAKE_FRAME_BYTES } from '../wire/limits.ts';
import { CloseCode } from '../wire/message-types.ts';
import { ProtocolError, type ProtocolErrorCode } from './errors.ts';

/** Bytes that are not as the CDDL says: 4400. */
export function malformed(code: ProtocolErrorCode, message: string, cause?: unknown): never {
  throw new ProtocolError(code, CloseCode.malformed, message, { cause });
}

/** Whatever needs a key and fails: 4401, all causes alike. */
export function notAuthenticated(code: ProtocolErrorCode, message: string, cause?: unknown): never {
  throw new ProtocolError(code, CloseCode.notAuthenticated, message, { cause });
}

/**
 * Runs a decoder or a cryptographic step, with `refused` in place of its own refusal; other errors go through.
 */
export function attempt<T>(step: () => T, refused: (cause: Error) => never): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof WireError || error instanceof CryptoError) return refused(error);
    throw error;
  }
}

/** Decodes a frame of the handshake, of exactly the type that is expected now. */
export function handshakeFrame<T extends Frame['type']>(
  bytes: Uint8Array,
  type: T,
): Extract<Frame, { type: T }> {
  if (bytes.length > HANDSHAKE_FRAME_BYTES) {
    malformed(
      'FRAME_TOO_LARGE',
      `expected a frame of at most ${HANDSHAKE_FRAME_BYTES} bytes, got ${bytes.length}`,
    );
  }
  const frame = attempt(
    () => decodeFrame(bytes),
    (cause) => malformed('FRAME_MALFORMED', cause.message, cause),
  );
  if (!isOfType(frame, type)) {
    malformed('FRAME_UNEXPECTED', `expected a frame ${type}, got ${frame.type}`);
  }
  return frame;
}

function isOfType<T extends Frame['type']>(
  frame: Frame,
  type: T,
): frame is Extract<Frame, { type: T }> {
  return frame.type === type;
}

/** What M (h2) or D (h3) signs (§3.3). */
export function sessionSigned(side: 'M' | 'D', transcript: Uint8Array): Uint8Array {
  return concatBytes(asciiBytes(`lamplighter.v1 session ${side}`), Uint8Array.of(0), transcript);
}

/** Something that may be used once: a pending handshake. */
export class Once<T> {
  #value: T | null;

  constructor(value: T) {
    this.#value = value;
  }

  /** @throws {@link ProtocolError} `HANDSHAKE_USED`, 4400: a frame that is not expected any more */
  take(): T {
    const value = this.#value;
    if (value === null) malformed('HANDSHAKE_USED', 'this handshake has had its answer');
    this.#value = null;
    return value;
  }
}
