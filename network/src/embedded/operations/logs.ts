/** The network's log: JSON lines, each by a named logger, let through by the levels in force. */
import pino, { type DestinationStream, type Logger } from 'pino';

import type { NetworkLogger } from '../../network-logger.ts';
import { LogLevels, type Level } from './log-levels.ts';

/** Hears of every entry: `written` is false when the levels kept it out. */
export type EntryListener = (level: Level, written: boolean) => void;

/** The logger of parts that have none of their own. */
const ROOT = 'network';

export interface Logs {
  readonly levels: LogLevels;
  readonly logger: NetworkLogger;
}

/** @throws {LogSpecError} when `spec` does not follow the grammar */
export function newLogs(
  spec: string,
  destination: DestinationStream,
  onEntry: EntryListener,
): Logs {
  const levels = new LogLevels(spec);
  const lines = pino(
    {
      // The levels are judged here, since they may change.
      level: 'debug',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return { levels, logger: newLogger(ROOT, lines, levels, onEntry) };
}

function newLogger(
  name: string,
  lines: Logger,
  levels: LogLevels,
  onEntry: EntryListener,
): NetworkLogger {
  const own = lines.child({ logger: name });
  const at =
    (level: Level) =>
    (facts: object, message: string): void => {
      const written = levels.isEnabled(name, level);
      onEntry(level, written);
      if (written) own[level](facts, message);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    named: (other) => newLogger(other, lines, levels, onEntry),
  };
}
