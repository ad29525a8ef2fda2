/**
 * The root of every error that nodes and networks throw on purpose. Codes are stable, documented and never reused;
 * a message says what was expected, what came and, where somebody can act, what to do.
 */
export class LamplighterError<Code extends string = string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** @returns the error's own text, for answers on the wire; never a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
