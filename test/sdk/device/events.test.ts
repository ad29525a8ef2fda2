/** Typed events, retry policies, waiting, and the inbox of a connection. */
import { Inbox, backOff, fastRetry, standardRetry } from '@lamplighter/sdk';
import { wait } from '../../../sdk/src/device/clock.ts';
import { TypedEvents } from '../../../sdk/src/device/events.ts';
import { uniform } from '../../../sdk/src/device/randomness.ts';
import { deliver } from '../../../sdk/src/device/transport.ts';
import { VirtualClock } from './virtual-clock.ts';

class Lamp extends TypedEvents<{ lit: { watts: number }; dark: Record<string, never> }> {
  light(watts: number): void {
    this.emit('lit', { watts });
  }
}

describe('typed events', () => {
  it('reach every listener of their name, in order, until it is removed', () => {
    const lamp = new Lamp();
    const seen: string[] = [];
    const end = lamp.on('lit', ({ watts }) => seen.push(`a${watts}`));
    lamp.on('lit', ({ watts }) => seen.push(`b${watts}`));
    lamp.on('dark', () => seen.push('dark'));
    lamp.light(1);
    end();
    lamp.light(2);
    expect(seen).toEqual(['a1', 'b1', 'b2']);
  });

  it('end with a signal', () => {
    const lamp = new Lamp();
    const seen: number[] = [];
    const abort = new AbortController();
    lamp.on('lit', ({ watts }) => seen.push(watts), { signal: abort.signal });
    lamp.on('lit', ({ watts }) => seen.push(-watts), { signal: AbortSignal.abort() });
    lamp.light(1);
    abort.abort();
    lamp.light(2);
    expect(seen).toEqual([1]);
  });

  it('can be waited for, once', async () => {
    const lamp = new Lamp();
    const next = lamp.once('lit');
    lamp.light(3);
    lamp.light(4);
    expect(await next).toEqual({ watts: 3 });
    const abort = new AbortController();
    const never = lamp.once('lit', { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(never).rejects.toThrow('enough');
    await expect(lamp.once('lit', { signal: abort.signal })).rejects.toThrow('enough');
  });
});

describe('retry policies', () => {
  it('double to an hour, spread from half to one and a half', () => {
    expect([0, 1, 9, 10, 1000].map((n) => standardRetry.nextDelay(n, 0.5))).toEqual([
      5, 10, 2560, 3600, 3600,
    ]);
    expect([standardRetry.nextDelay(0, 0), standardRetry.nextDelay(0, 0.75)]).toEqual([2.5, 6.25]);
  });

  it('can be faster', () => {
    expect([0, 1, 20].map((n) => fastRetry.nextDelay(n, 0.5))).toEqual([0.25, 0.5, 5]);
    expect(backOff(1, 2).nextDelay(5, 0.5)).toBe(2);
  });
});

describe('waiting', () => {
  it('ends in time, or with its signal, and leaves no timer', async () => {
    const clock = new VirtualClock();
    const abort = new AbortController();
    const done = wait(clock, 5, abort.signal);
    await clock.advance(5);
    await expect(done).resolves.toBeUndefined();
    const aborted = wait(clock, 5, abort.signal);
    abort.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    expect(clock.pending).toBe(0);
  });
});

describe('uniform', () => {
  it('is a number from 0 to below 1', () => {
    const of = (byte: number): number => uniform((length) => new Uint8Array(length).fill(byte));
    expect(of(0)).toBe(0);
    expect(of(0x80)).toBeCloseTo(0.502, 3);
    expect(of(0xff)).toBeLessThan(1);
  });
});

describe('an inbox', () => {
  it('hands out frames in order, then the end', async () => {
    const inbox = new Inbox();
    const first = inbox.next();
    inbox.push(Uint8Array.of(1));
    inbox.push(Uint8Array.of(2));
    inbox.end(1001);
    inbox.end(4400);
    inbox.push(Uint8Array.of(3));
    expect([await first, await inbox.next(), await inbox.next()]).toEqual([
      Uint8Array.of(1),
      Uint8Array.of(2),
      null,
    ]);
    expect(inbox.closeCode).toBe(1001);
  });

  it('is bounded in frames and in bytes: the connection closes with 4429', () => {
    const codes: number[] = [];
    const close = (code: number): void => {
      codes.push(code);
    };
    const many = new Inbox();
    for (let frame = 0; frame < 2049; frame += 1) deliver(many, Uint8Array.of(1), close);
    expect(codes).toEqual([4429]);
    const large = new Inbox();
    for (let frame = 0; frame < 5; frame += 1) deliver(large, new Uint8Array(2 ** 20), close);
    expect(codes).toEqual([4429, 4429]);
    deliver(large, 'text', close);
    expect(codes).toEqual([4429, 4429, 4400]);
  });
});
