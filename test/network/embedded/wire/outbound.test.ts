import { Writable } from 'node:stream';

import { writeMessage } from '../../../../network/src/embedded/wire/outbound.ts';

/** A stream that takes one message at a time, when it is told to. */
function slowStream() {
  const taken: unknown[] = [];
  let take: (() => void) | undefined;
  const stream = new Writable({
    objectMode: true,
    highWaterMark: 1,
    write: (message, _encoding, done) => {
      taken.push(message);
      take = done;
    },
  });
  return { stream, taken, takeOne: () => take?.() };
}

describe('writeMessage', () => {
  it('waits until the stream takes more', async () => {
    const { stream, taken, takeOne } = slowStream();
    let written = false;
    const writing = writeMessage(stream, 'a', new AbortController().signal).then(() => {
      written = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([written, taken]).toEqual([false, ['a']]);
    takeOne();
    await writing;
    expect(written).toBe(true);
  });

  it('gives up when the reader leaves', async () => {
    const { stream } = slowStream();
    const controller = new AbortController();
    const writing = writeMessage(stream, 'a', controller.signal);
    controller.abort();
    await expect(writing).rejects.toMatchObject({ name: 'AbortError' });
    await expect(writeMessage(stream, 'b', controller.signal)).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
