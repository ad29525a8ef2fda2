/**
 * Strict checks of arguments, put together from small ones: each takes a value of unknown shape and returns it typed,
 * or refuses it with ARGUMENT_INVALID, the path to the place, what was expected and what came. Fields that are not
 * named are refused, and nothing is coerced.
 */
import { ContractError } from './errors.ts';

/** Returns the value as T, or throws ARGUMENT_INVALID naming `path`. */
export type Check<T> = (value: unknown, path: string) => T;

const SHOWN_CHARACTERS = 40;

function show(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string') return String(value);
  const start = value.slice(0, SHOWN_CHARACTERS);
  return value.length > SHOWN_CHARACTERS
    ? `${JSON.stringify(start)}… (${value.length} characters)`
    : JSON.stringify(start);
}

/** The error for a value that is not as `expected` says. */
export function refuse(path: string, expected: string, value: unknown): ContractError {
  return new ContractError('ARGUMENT_INVALID', `${path} must be ${expected}, got ${show(value)}`);
}

/** A string that `pattern` (anchored at both ends) matches. */
export function text(pattern: RegExp, expected: string): Check<string> {
  return (value, path) => {
    if (typeof value === 'string' && pattern.test(value)) return value;
    throw refuse(path, expected, value);
  };
}

/** Lower-case hex of `bytes` bytes. */
export function hex(bytes: number): Check<string> {
  return text(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `${bytes} bytes in lower-case hex`);
}

/** An integer from `minimum` to `maximum`, both inclusive. */
export function integer(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): Check<number> {
  return (value, path) => {
    if (Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum) {
      return Number(value);
    }
    throw refuse(path, `an integer from ${minimum} to ${maximum}`, value);
  };
}

export const boolean: Check<boolean> = (value, path) => {
  if (typeof value === 'boolean') return value;
  throw refuse(path, 'true or false', value);
};

/** One of the strings in `choices`. */
export function oneOf<const T extends string>(...choices: readonly T[]): Check<T> {
  return (value, path) => {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw refuse(path, `one of ${choices.join(', ')}`, value);
  };
}

/** An array of `minimum` to `maximum` items, each as `item` says. */
export function list<T>(item: Check<T>, minimum: number, maximum: number): Check<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length < minimum || value.length > maximum) {
      throw refuse(path, `an array of ${minimum} to ${maximum} items`, value);
    }
    return value.map((entry, index) => item(entry, `${path}[${index}]`));
  };
}

/** An object with exactly the fields of `fields`. */
export function object<T extends object>(fields: {
  readonly [K in keyof T]: Check<T[K]>;
}): Check<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  const expected = `an object of exactly ${names.join(', ')}`;
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw refuse(path, expected, value);
    }
    const given = new Map<string, unknown>(Object.entries(value));
    const other = [...given.keys()].find((name) => !Object.hasOwn(fields, name));
    if (other !== undefined) throw refuse(path, expected, `field ${other}`);
    return Object.fromEntries(
      names.map((name) => [name, fields[name](given.get(name), `${path}.${name}`)]),
    ) as T;
  };
}

/** A check that also asks for `holds`, said in words by `expected`. */
export function where<T>(
  check: Check<T>,
  holds: (value: T) => boolean,
  expected: string,
): Check<T> {
  return (value, path) => {
    const checked = check(value, path);
    if (holds(checked)) return checked;
    throw refuse(path, expected, value);
  };
}

/** Parses a JSON argument of at most `limit` characters and checks it. */
export function parseJson<T>(argument: string, check: Check<T>, limit: number): T {
  if (argument.length > limit) {
    throw refuse('json', `at most ${limit} characters`, argument);
  }
  let value: unknown;
  try {
    value = JSON.parse(argument);
  } catch (cause) {
    throw new ContractError('ARGUMENT_INVALID', 'json must be a JSON text', { cause });
  }
  return check(value, 'json');
}
