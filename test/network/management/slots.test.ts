import { Slots } from '../../../network/src/management/slots.ts';
import { settle } from './support/fake-clock.ts';

const never = new AbortController().signal;

describe('slots', () => {
  it('lets so many in at a time, the others in order', async () => {
    const slots = new Slots(1);
    const order: number[] = [];
    const first = await slots.take(never);
    for (const number of [1, 2]) {
      void slots.take(never).then((release) => {
        order.push(number);
        release();
      });
    }
    await settle();
    expect(order).toEqual([]);
    first();
    first();
    await settle();
    expect(order).toEqual([1, 2]);
    const again = await slots.take(never);
    again();
  });

  it('forgets who stops waiting', async () => {
    const slots = new Slots(1);
    const release = await slots.take(never);
    const stop = new AbortController();
    const waiting = slots.take(stop.signal);
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
    release();
    await expect(slots.take(never)).resolves.toBeInstanceOf(Function);
  });
});
