import { VendorError } from '../../../network/src/vendor/index.ts';
import type { TakeOver } from '../../../network/src/vendor/fleet-care.ts';
import { linesOf, TakeOvers, type Progress } from '../../../network/src/vendor/take-overs.ts';

const DONE: TakeOver = { manager: 'a', to: 'b', transferred: ['x'], suspended: [], failed: [] };

/** Work that is finished from outside. */
function work(): {
  readonly run: (told: (progress: Progress) => void) => Promise<TakeOver>;
  readonly begun: () => number;
  readonly tell: (progress: Progress) => void;
  readonly finish: () => void;
  readonly fail: (error: Error) => void;
} {
  let begun = 0;
  let told: (progress: Progress) => void = () => undefined;
  let finish: (done: TakeOver) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const end = new Promise<TakeOver>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  return {
    run: (hear) => {
      begun += 1;
      told = hear;
      return end;
    },
    begun: () => begun,
    tell: (progress) => {
      told(progress);
    },
    finish: () => {
      finish(DONE);
    },
    fail: (error) => {
      fail(error);
    },
  };
}

async function next(lines: AsyncGenerator<Uint8Array, undefined>): Promise<unknown> {
  const { value, done } = await lines.next();
  return done === true ? 'end' : JSON.parse(Buffer.from(value).toString());
}

describe('a take-over that runs', () => {
  it('is followed by whoever asks for it again, and may run anew when it ended', async () => {
    const takeOvers = new TakeOvers();
    const { run, begun, finish } = work();
    const first = takeOvers.begin('a', 'b', run);
    expect(takeOvers.begin('a', 'b', run)).toBe(first);
    finish();
    expect(await first.result).toBe(DONE);
    expect(begun()).toBe(1);
    const again = work();
    const second = takeOvers.begin('a', 'c', again.run);
    again.fail(new Error('away'));
    await expect(second.result).rejects.toThrow('away');
    expect(takeOvers.begin('a', 'b', run)).not.toBe(second);
  });

  it('keeps another target out, and no other manager', () => {
    const takeOvers = new TakeOvers();
    const { run } = work();
    takeOvers.begin('a', 'b', run);
    expect(() => takeOvers.begin('a', 'c', run)).toThrow(
      expect.objectContaining({ code: 'BUSY' }) as Error,
    );
    takeOvers.begin('d', 'b', run);
  });
});

describe('the lines of a take-over', () => {
  it('come from time to time and end with what came of it', async () => {
    const { run, tell, finish } = work();
    const lines = linesOf(new TakeOvers().begin('a', 'b', run), 1);
    expect(await next(lines)).toEqual({ progress: { done: 0, of: null } });
    tell({ done: 500, of: 900 });
    expect(await next(lines)).toEqual({ progress: { done: 500, of: 900 } });
    expect(await next(lines)).toEqual({ progress: { done: 500, of: 900 } });
    finish();
    expect(await next(lines)).toEqual({ result: DONE });
    expect(await next(lines)).toBe('end');
  });

  it('end with the problem, without what is not ours to tell', async () => {
    for (const [error, code] of [
      [new VendorError('MANAGER_NOT_OVERDUE', 'it is there'), 'MANAGER_NOT_OVERDUE'],
      [new Error('kv is 0123'), 'INTERNAL'],
    ] as const) {
      const { run, fail } = work();
      const lines = linesOf(new TakeOvers().begin('a', 'b', run), 60_000);
      await next(lines);
      fail(error);
      const last = await next(lines);
      expect(last).toMatchObject({ problem: { code } });
      expect(JSON.stringify(last)).not.toContain('0123');
      expect(await next(lines)).toBe('end');
    }
  });

  it('may be left alone, and the work goes on', async () => {
    const { run, finish } = work();
    const running = new TakeOvers().begin('a', 'b', run);
    const lines = linesOf(running, 60_000);
    await next(lines);
    await lines.return(undefined);
    finish();
    expect(await running.result).toBe(DONE);
  });
});
