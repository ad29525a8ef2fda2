/** Decoding of protobuf messages that come from outside: a coded error instead of whatever the decoder throws. */
import { EmbeddedError, messageOf } from '../errors.ts';
import { plainView } from './fields.ts';

/** A generated message class. */
export interface MessageType<Message> {
  deserializeBinary(bytes: Uint8Array): Message;
}

/**
 * @param what - the message's name, for the error.
 * @throws {@link EmbeddedError} MESSAGE_MALFORMED
 */
export function decode<Message>(
  type: MessageType<Message>,
  bytes: Uint8Array,
  what: string,
): Message {
  try {
    return type.deserializeBinary(plainView(bytes));
  } catch (cause) {
    throw new EmbeddedError(
      'MESSAGE_MALFORMED',
      `error unmarshalling ${what}: ${bytes.length} bytes do not parse: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/**
 * Names a field that a message must have.
 *
 * @throws {@link EmbeddedError} MESSAGE_MALFORMED
 */
export function required<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) {
    throw new EmbeddedError('MESSAGE_MALFORMED', `expected ${what}, got none`);
  }
  return value;
}
