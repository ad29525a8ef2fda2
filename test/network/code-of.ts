import { LamplighterError } from '../../network/src/errors.ts';

/** The code that a call fails with, `none` when it does not; errors without a code of ours are thrown on. */
export async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof LamplighterError) return (error as LamplighterError).code;
    throw error;
  }
  return 'none';
}
