/** How a command that runs until it is told to stop hears of it, and what its end says. */
import type { Screen } from './view/screen.ts';

/** Sessions, reports on their way, blocks: an idle machine needs about a second. */
const END_WITHIN_MS = 30_000;

/** The first signal ends the command in order and within a deadline; a second one ends the process at once. */
export function stopOnSignals(): AbortController {
  const stopping = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping.signal.aborted) process.exit(1);
    stopping.abort(signal);
    setTimeout(() => {
      process.stderr.write(
        `lamplighter: not ended within ${END_WITHIN_MS / 1_000} s of ${signal}\n`,
      );
      process.exit(1);
    }, END_WITHIN_MS).unref();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return stopping;
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else {
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
    }
  });
}

/** 0 when somebody asked for the end, 1 when a part failed. */
export function exitCodeOf(signal: AbortSignal, screen: Screen): number {
  const reason: unknown = signal.reason;
  if (!(reason instanceof Error)) return 0;
  screen.print(`FAILED: ${reason.message}`);
  return 1;
}
