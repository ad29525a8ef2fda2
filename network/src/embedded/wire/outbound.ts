/** Writing to a stream without piling up: the writer waits when the other side is slower. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/**
 * Writes one message and waits until the stream takes more.
 *
 * @throws the signal's reason when it aborts while waiting.
 */
export async function writeMessage(
  stream: Writable,
  message: unknown,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  if (!stream.write(message)) {
    await once(stream, 'drain', { signal });
  }
}
