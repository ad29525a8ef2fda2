/** Where the network tells what it does; pino's loggers fit. */
export interface NetworkLogger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

function ignore(): void {
  // Nobody asked to hear anything.
}

/** The default. */
export const SILENT: NetworkLogger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
