/** Matches an error by its code, for `toThrow`. */
export function coded(code: unknown): Error {
  return expect.objectContaining({ code }) as Error;
}
