/**
 * Fabric's logging specification (`FABRIC_LOGGING_SPEC`, `/logspec`; fabric-lib-go common/flogging):
 * `[<logger>[,<logger>...]=]<level>[:[<logger>[,<logger>...]=]<level>...]`. Pure.
 */

/** What the network's loggers write, from the least on. */
export type Level = 'debug' | 'info' | 'warn' | 'error';

/** Fabric's further names stand for the nearest level of ours; `fatal` and `panic` keep everything but errors out. */
const LEVELS: Readonly<Record<string, Level>> = {
  payload: 'debug',
  debug: 'debug',
  info: 'info',
  notice: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  critical: 'error',
  dpanic: 'error',
  panic: 'error',
  fatal: 'error',
};
const RANK: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const DEFAULT: Level = 'info';
const MOST_CHARACTERS = 1_024;
const LOGGER_NAME = /^[A-Za-z0-9_#-]+(\.[A-Za-z0-9_#-]+)*$/;

/** A specification that does not follow the grammar; the one before stays in force. */
export class LogSpecError extends RangeError {
  override readonly name = 'LogSpecError';
}

interface Levels {
  readonly byLogger: ReadonlyMap<string, Level>;
  readonly default: Level;
}

/** The levels in force. */
export class LogLevels {
  #levels: Levels;

  /** @throws {@link LogSpecError} */
  constructor(spec: string) {
    this.#levels = parse(spec);
  }

  /** @throws {@link LogSpecError} */
  activate(spec: string): void {
    this.#levels = parse(spec);
  }

  /** In its normal form. */
  get spec(): string {
    const { byLogger, default: level } = this.#levels;
    const fields = [...byLogger].map(([name, each]) => `${name}=${each}`).sort();
    return [...fields, level].join(':');
  }

  /** A name with a dot at its end is for that logger alone, others are for all loggers below them, too. */
  isEnabled(logger: string, level: Level): boolean {
    return RANK[level] >= RANK[this.#levelOf(logger)];
  }

  #levelOf(logger: string): Level {
    const { byLogger, default: fallback } = this.#levels;
    for (
      let name = `${logger}.`;
      name !== '';
      name = name.slice(0, Math.max(0, name.lastIndexOf('.')))
    ) {
      const level = byLogger.get(name);
      if (level !== undefined) return level;
    }
    return fallback;
  }
}

function parse(spec: string): Levels {
  if (spec.length > MOST_CHARACTERS) {
    throw new LogSpecError(
      `invalid logging specification: expected up to ${MOST_CHARACTERS} characters, got ${spec.length}`,
    );
  }
  const byLogger = new Map<string, Level>();
  let fallback = DEFAULT;
  for (const field of spec.split(':')) {
    const [first = '', second, ...more] = field.split('=');
    if (more.length > 0) throw badSegment(spec, field);
    if (second === undefined) fallback = field === '' ? DEFAULT : levelOf(field, spec, field);
    else
      for (const name of loggersOf(first, spec, field))
        byLogger.set(name, levelOf(second, spec, field));
  }
  return { byLogger, default: fallback };
}

/** Fabric takes a level in upper or in lower case. */
function levelOf(text: string, spec: string, segment: string): Level {
  const known = text === text.toUpperCase() || text === text.toLowerCase();
  const level =
    known && Object.hasOwn(LEVELS, text.toLowerCase()) ? LEVELS[text.toLowerCase()] : undefined;
  if (level === undefined) throw badSegment(spec, segment);
  return level;
}

function loggersOf(names: string, spec: string, segment: string): readonly string[] {
  if (names === '') {
    throw new LogSpecError(
      `invalid logging specification '${spec}': no logger specified in segment '${segment}'`,
    );
  }
  const loggers = names.split(',');
  const bad = loggers.find((name) => !LOGGER_NAME.test(name.replace(/\.$/, '')));
  if (bad !== undefined) {
    throw new LogSpecError(`invalid logging specification '${spec}': bad logger name '${bad}'`);
  }
  return loggers;
}

function badSegment(spec: string, segment: string): LogSpecError {
  return new LogSpecError(`invalid logging specification '${spec}': bad segment '${segment}'`);
}
