/** A network in this very process, from its directory's lock to the end that a signal asks for. */
import { Closers } from '../../closers.ts';
import { LamplighterError } from '../../errors.ts';
import type { Engine } from '../city/engine.ts';
import { LedgerSide } from '../city/ledger-side.ts';
import { StateDirectory } from '../state-directory.ts';
import { aborted, exitCodeOf, stopOnSignals } from '../stopping.ts';
import { newScreen } from '../view/screen.ts';
import { tellStarter } from './detached.ts';
import { showReady } from './ready.ts';
import { networkFolder } from './running-file.ts';

/** Runs until a signal comes. @returns the exit code */
export async function runInForeground(directory: string, engine: Engine): Promise<number> {
  using screen = newScreen(process.stdout);
  const print = (line: string): void => {
    screen.print(line);
  };
  const stopping = stopOnSignals();
  try {
    using state = StateDirectory.open(directory, { fresh: false, engine: engine.kind });
    const closers = new Closers();
    try {
      screen.print(`starting a network in ${state.path} (Ctrl-C ends it)`);
      await LedgerSide.start({
        folder: networkFolder(state.path),
        kind: 'network',
        engine,
        closers,
        print,
        onUnexpectedEnd: (error) => {
          stopping.abort(error);
        },
      });
      await showReady(directory, print);
      tellStarter({ type: 'ready' });
      await aborted(stopping.signal);
      screen.print('ending …');
    } finally {
      await closers.closeAll();
    }
  } catch (error) {
    tellStarter({ type: 'failed', reason: reasonOf(error) });
    throw error;
  }
  return exitCodeOf(stopping.signal, screen);
}

function reasonOf(error: unknown): string {
  if (error instanceof LamplighterError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
