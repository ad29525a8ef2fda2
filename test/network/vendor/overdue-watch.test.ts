import type { ManagerStanding } from '../../../network/src/vendor/index.ts';
import { watchOverdue } from '../../../network/src/vendor/overdue-watch.ts';
import { silentLogger } from '../../../network/src/vendor/logger.ts';

const standing = (manager: string, overdue: number): ManagerStanding => ({
  manager,
  devices: 4,
  overdue,
  gone: overdue > 2,
});

it('tells once of a manager that is gone, and again when it is gone anew', async () => {
  const stop = new AbortController();
  const looks: (readonly ManagerStanding[] | Error)[] = [
    [standing('a', 2)],
    [standing('a', 3), standing('b', 1)],
    new Error('ledger away'),
    [standing('a', 4)],
    [],
    [standing('a', 4), standing('b', 4)],
  ];
  const gone: string[] = [];
  const warnings: string[] = [];
  await watchOverdue({
    standings: async () => {
      const next = await Promise.resolve(looks.shift());
      if (looks.length === 0) stop.abort();
      if (next instanceof Error) throw next;
      return next ?? [];
    },
    onGone: ({ manager }) => gone.push(manager),
    everyMs: 1,
    signal: stop.signal,
    logger: { ...silentLogger, warn: (_, text) => warnings.push(text) },
  });
  expect(gone).toEqual(['a', 'a', 'b']);
  expect(warnings.filter((text) => text.startsWith('overdue'))).toHaveLength(1);
});
