import { BufferBudget } from '../../../network/src/management/buffer-budget.ts';
import { Inbox } from '../../../network/src/management/inbox.ts';
import { WireMeter } from '../../../network/src/management/wire-meter.ts';

describe('the budget of all connections', () => {
  it('adds shares up and is strained at half, exhausted at all of it', () => {
    const budget = new BufferBudget(100);
    const [first, second] = [budget.share(), budget.share()];
    first.hold(49);
    expect([budget.held, budget.strained, budget.exhausted]).toEqual([49, false, false]);
    second.hold(1);
    expect([budget.held, budget.strained, budget.exhausted]).toEqual([50, true, false]);
    second.hold(51);
    expect([budget.held, budget.strained, budget.exhausted]).toEqual([100, true, true]);
    first.hold(0);
    second.hold(0);
    expect([budget.held, budget.strained]).toEqual([0, false]);
  });
});

describe('an inbox', () => {
  it('keeps order, says when it is full, and takes four times as much at most', () => {
    const inbox = new Inbox({ queuedFrames: 2, queuedBytes: 1_000 });
    const taken = Array.from({ length: 9 }, (_none, index) => inbox.push(new Uint8Array([index])));
    expect(taken).toEqual([...Array<boolean>(8).fill(true), false]);
    expect([inbox.length, inbox.bytes, inbox.full, inbox.low]).toEqual([8, 8, true, false]);
    const out = Array.from({ length: 8 }, () => inbox.shift()![0]);
    expect(out).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(inbox.shift()).toBeUndefined();
    expect([inbox.length, inbox.bytes, inbox.full, inbox.low]).toEqual([0, 0, false, true]);
  });
});

describe('a wire meter', () => {
  it.each([
    [0, 6],
    [125, 131],
    [126, 134],
    [65_535, 65_543],
    [65_536, 65_550],
  ])('takes a frame of %i bytes to be %i on the wire', (payload, wire) => {
    const meter = new WireMeter(8_192);
    meter.came(wire);
    expect(meter.partial).toBe(wire);
    meter.complete(payload);
    expect(meter.partial).toBe(0);
    meter.came(1);
    expect(meter.partial).toBe(1);
  });
});
