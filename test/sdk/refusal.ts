/** What a step threw, as the two facts that tests assert. */
import { CodedError } from '@lamplighter/sdk/wire';

export interface Refusal {
  readonly code: string;
  /** Absent for errors that close no connection. */
  readonly closeCode?: number;
}

/** What a step came to; errors that are not of the SDK go through. */
export type Outcome<T> = { readonly value: T } | { readonly refusal: Refusal };

export function outcomeOf<T>(step: () => T): Outcome<T> {
  try {
    return { value: step() };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const { code, closeCode } = error as CodedError & { readonly closeCode?: number };
    return { refusal: { code, ...(closeCode === undefined ? {} : { closeCode }) } };
  }
}

/** Runs a step that has to refuse. */
export function refusalOf(step: () => unknown): Refusal {
  const outcome = outcomeOf(step);
  if ('value' in outcome) throw new Error('expected a refusal');
  return outcome.refusal;
}
