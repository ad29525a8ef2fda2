import { loggerOf, SILENT } from '../../../../network/src/network-logger.ts';
import { newLogs } from '../../../../network/src/embedded/operations/logs.ts';

function newSetting(spec: string) {
  const lines: unknown[] = [];
  const entries: string[] = [];
  const logs = newLogs(
    spec,
    { write: (line: string) => lines.push(JSON.parse(line)) },
    (level, written) => entries.push(`${level} ${written}`),
  );
  return { ...logs, lines, entries };
}

describe('the log of a network', () => {
  it('writes JSON lines that name their logger', () => {
    const { logger, lines } = newSetting('info');
    logger.info({ height: 3 }, 'started');
    loggerOf(logger, 'peer').warn({}, 'slow');
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.any(String) as string,
        logger: 'network',
        height: 3,
        msg: 'started',
      },
      { level: 'warn', time: expect.any(String) as string, logger: 'peer', msg: 'slow' },
    ]);
  });

  it('follows the levels as they change, and counts what they keep out', () => {
    const { logger, levels, lines, entries } = newSetting('warn');
    const orderer = loggerOf(logger, 'orderer');
    orderer.info({}, 'kept out');
    levels.activate('orderer=debug:error');
    orderer.debug({}, 'written');
    logger.warn({}, 'kept out');
    logger.error({}, 'written');
    expect(lines).toHaveLength(2);
    expect(entries).toEqual(['info false', 'debug true', 'warn false', 'error true']);
  });

  it('is a logger for its parts when it knows none of its own', () => {
    expect(loggerOf(SILENT, 'peer')).toBe(SILENT);
  });
});
