/** `lamplighter network up | down | env | status`: the ledger alone, or that of a city which runs on the same directory. */
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Closers } from '../../closers.ts';
import { LamplighterError } from '../../errors.ts';
import { LedgerSide } from '../city/ledger-side.ts';
import { startDetached, tellStarter } from '../network/detached.ts';
import { exportLines, peerEnvironment } from '../network/peer-environment.ts';
import { reportLines, reportOn } from '../network/report.ts';
import { findRunning, networkFolder, processOf, requireRunning } from '../network/running-file.ts';
import { stopRunning } from '../network/stop.ts';
import { DEFAULT_DIRECTORY, StateDirectory } from '../state-directory.ts';
import { aborted, exitCodeOf, stopOnSignals } from '../stopping.ts';
import { newScreen, type Screen } from '../view/screen.ts';

export interface DirectoryFlags {
  /** @default .lamplighter */
  readonly directory?: string;
}

export interface UpFlags extends DirectoryFlags {
  readonly detach: boolean;
}

export interface DownFlags extends DirectoryFlags {
  readonly wipe: boolean;
}

export interface EnvFlags extends DirectoryFlags {
  readonly user: string;
  readonly json: boolean;
}

export interface StatusFlags extends DirectoryFlags {
  readonly json: boolean;
}

/** @returns the exit code */
export async function up(flags: UpFlags): Promise<number> {
  const directory = pathOf(flags);
  using screen = newScreen(process.stdout);
  if (!flags.detach) return await runHere(directory, screen);
  await startDetached(directory);
  await showReady(directory, screen);
  return 0;
}

async function runHere(directory: string, screen: Screen): Promise<number> {
  const stopping = stopOnSignals();
  try {
    using state = StateDirectory.open(directory, { fresh: false });
    const closers = new Closers();
    try {
      screen.print(`starting a network in ${state.path} (Ctrl-C ends it)`);
      await LedgerSide.start({
        folder: networkFolder(state.path),
        kind: 'network',
        closers,
        print: (line) => {
          screen.print(line);
        },
        onUnexpectedEnd: (error) => {
          stopping.abort(error);
        },
      });
      await showReady(directory, screen);
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

async function showReady(directory: string, screen: Screen): Promise<void> {
  const report = await reportOn(directory, requireRunning(directory));
  for (const line of reportLines(report)) screen.print(line);
  const where = directory === resolve(DEFAULT_DIRECTORY) ? '' : ` --directory ${directory}`;
  const [first] = report.peers;
  screen.print(
    `for the peer command: eval "$(npx lamplighter network env ${first?.organisation ?? 'ORG'}${where})"`,
  );
}

function reasonOf(error: unknown): string {
  if (error instanceof LamplighterError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

/** Ends what runs on the directory, and with `wipe` deletes its state. */
export async function down(flags: DownFlags): Promise<void> {
  const directory = pathOf(flags);
  const holder = processOf(directory);
  if (holder !== undefined) {
    const running = requireRunning(directory);
    await stopRunning(directory, running);
    process.stdout.write(`ended the ${running.kind} of process ${running.processId}\n`);
  } else if (!flags.wipe) {
    requireRunning(directory);
  }
  if (flags.wipe) wipe(directory);
}

function wipe(directory: string): void {
  StateDirectory.open(directory, { fresh: true })[Symbol.dispose]();
  rmSync(directory, { recursive: true, force: true });
  process.stdout.write(`wiped ${directory}\n`);
}

/** Prints what a shell needs for Fabric's `peer` command. */
export function env(organisation: string, flags: EnvFlags): void {
  const directory = pathOf(flags);
  const environment = peerEnvironment(requireRunning(directory), organisation, flags.user);
  process.stdout.write(
    flags.json ? `${JSON.stringify(environment, null, 2)}\n` : exportLines(environment),
  );
}

/** @returns the exit code: 0 when a network runs and is healthy */
export async function status(flags: StatusFlags): Promise<number> {
  const directory = pathOf(flags);
  if (flags.json && findRunning(directory) === undefined) {
    process.stdout.write(`${JSON.stringify({ running: false, directory }, null, 2)}\n`);
    return 1;
  }
  const report = await reportOn(directory, requireRunning(directory));
  process.stdout.write(
    flags.json ? `${JSON.stringify(report, null, 2)}\n` : `${reportLines(report).join('\n')}\n`,
  );
  return report.healthy ? 0 : 1;
}

function pathOf({ directory = DEFAULT_DIRECTORY }: DirectoryFlags): string {
  return resolve(directory);
}
