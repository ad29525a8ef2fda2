/**
 * The lowest errors of the SDK: the root that every coded error here grows from, and what a decoder says of bytes that
 * are not as docs/protocol.md §1 wants them. Codes are stable and never reused.
 */

/** The root of the SDK's errors. `code` is stable; the message says what was expected and what came. */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Why bytes were refused by a decoder. */
export type WireErrorCode =
  | 'CBOR_TRUNCATED'
  | 'CBOR_TRAILING_BYTES'
  | 'CBOR_NOT_SHORTEST'
  | 'CBOR_TYPE_NOT_ALLOWED'
  | 'CBOR_INTEGER_TOO_LARGE'
  | 'CBOR_TEXT_NOT_ASCII'
  | 'CBOR_MAP_KEY'
  | 'CBOR_TOO_DEEP'
  | 'CBOR_TOO_MANY_ELEMENTS'
  | 'FRAME_TOO_LARGE'
  | 'FRAME_TYPE_UNKNOWN'
  | 'MESSAGE_TYPE_UNKNOWN'
  | 'PROTOBUF_MALFORMED'
  | 'PROTOBUF_FIELD'
  | 'PEM_MALFORMED'
  | 'STATEMENT_MALFORMED'
  | 'WIRE_SHAPE'
  | 'WIRE_RANGE';

/** Close codes a decoder can ask for: 4400 for a frame, 4402 for what is inside a session (§1, §5). */
export type WireCloseCode = 4400 | 4402;

/** Bytes off the wire that are not as the grammar of §1 says. */
export class WireError extends CodedError<WireErrorCode> {
  /** How a connection on which this came is closed (§8). */
  readonly closeCode: WireCloseCode;

  constructor(
    code: WireErrorCode,
    message: string,
    closeCode: WireCloseCode = 4400,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
    this.closeCode = closeCode;
  }
}

/**
 * Runs a decoder whose failures close a connection with another code than 4400.
 *
 * @throws {@link WireError} with `closeCode` in place of the decoder's own
 */
export function withCloseCode<T>(closeCode: WireCloseCode, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof WireError) {
      throw new WireError(error.code, error.message, closeCode, { cause: error });
    }
    throw error;
  }
}
