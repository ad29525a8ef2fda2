/** Where the network tells what it does; pino's loggers fit. */
export interface NetworkLogger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
  /** The logger of one part, whose level may be set apart: `orderer`, `peer`, `chaincode`. @default the logger itself */
  named?(name: string): NetworkLogger;
}

function ignore(): void {
  // Nobody asked to hear anything.
}

/** The default. */
export const SILENT: NetworkLogger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** @returns the logger of one part. */
export function loggerOf(logger: NetworkLogger, part: string): NetworkLogger {
  return logger.named?.(part) ?? logger;
}
