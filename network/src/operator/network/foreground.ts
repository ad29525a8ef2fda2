/** A network in this very process, from its directory's lock to the end that a signal asks for. */
import { Closers } from '../../closers.ts';
import { LamplighterError } from '../../errors.ts';
import type { Engine } from '../city/engine.ts';
import { LedgerSide } from '../city/ledger-side.ts';
import { startPartSide } from '../city/part-side.ts';
import type { OperatorError } from '../errors.ts';
import { StateDirectory } from '../state-directory.ts';
import { aborted, exitCodeOf, stopOnSignals } from '../stopping.ts';
import { newScreen } from '../view/screen.ts';
import { tellStarter } from './detached.ts';
import { isHostFolder } from './host-folders.ts';
import { showReady } from './ready.ts';
import { networkFolder } from './running-file.ts';

/** Runs until a signal comes. @returns the exit code */
export async function runInForeground(directory: string, engine: Engine): Promise<number> {
  using screen = newScreen(process.stdout);
  const print = (line: string): void => {
    screen.print(line);
  };
  const stopping = stopOnSignals();
  const abort = (error: OperatorError): void => {
    stopping.abort(error);
  };
  try {
    using state = StateDirectory.open(directory, { fresh: false, engine: engine.kind });
    const closers = new Closers();
    try {
      screen.print(`starting a network in ${state.path} (Ctrl-C ends it)`);
      const folder = networkFolder(state.path);
      const common = { folder, engine, closers, print };
      if (isHostFolder(folder)) await startPartSide({ ...common, signal: stopping.signal });
      else await LedgerSide.start({ ...common, kind: 'network', onUnexpectedEnd: abort });
      await showReady(directory, print);
      tellStarter({ type: 'ready' });
      await aborted(stopping.signal);
      screen.print('ending …');
    } finally {
      await closers.closeAll();
    }
  } catch (error) {
    tellStarter({ type: 'failed', reason: reasonOf(error) });
    // Who waits for other hosts and is told to end has not failed.
    if (!stopping.signal.aborted) throw error;
  }
  return exitCodeOf(stopping.signal, screen);
}

function reasonOf(error: unknown): string {
  if (error instanceof LamplighterError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
