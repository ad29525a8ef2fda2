/** `lamplighter start`: a whole city, for as long as wanted or just once. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { City } from '../city/city.ts';
import { proveMainJob } from '../city/once.ts';
import { StateDirectory } from '../state-directory.ts';
import { newScreen, type Screen } from '../view/screen.ts';

/** As on the command line. */
export interface StartFlags {
  readonly once: boolean;
  readonly json: boolean;
  readonly devices: number;
  readonly directory?: string;
  readonly fresh: boolean;
}

const DEFAULT_DIRECTORY = '.lamplighter';
const REFRESH_MS = 250;
/** Sessions, reports on their way, blocks: an idle machine needs about a second. */
const END_WITHIN_MS = 30_000;

/** @returns the exit code */
export async function start(flags: StartFlags): Promise<number> {
  const temporary = flags.once && flags.directory === undefined;
  const path = temporary
    ? mkdtempSync(join(tmpdir(), 'lamplighter-'))
    : resolve(flags.directory ?? DEFAULT_DIRECTORY);
  const stopping = stopOnSignals();
  try {
    using directory = StateDirectory.open(path, { fresh: flags.fresh });
    if (flags.once) directory.requireUnused();
    using screen = newScreen(flags.json ? process.stderr : process.stdout);
    const options = { directory: directory.path, devices: flags.devices, screen, stopping };
    return flags.once ? await once(options, flags.json) : await run(options);
  } finally {
    if (temporary) rmSync(path, { recursive: true, force: true });
  }
}

interface RunOptions {
  readonly directory: string;
  readonly devices: number;
  readonly screen: Screen;
  readonly stopping: AbortController;
}

/** Runs until a signal comes. */
async function run(options: RunOptions): Promise<number> {
  const { screen, stopping } = options;
  screen.print(`starting a city in ${options.directory} (Ctrl-C ends it)`);
  {
    await using city = await startCity(options);
    using _ = showTable(city, screen);
    await city.showcaseOnce();
    await aborted(stopping.signal);
    screen.print('ending …');
  }
  return exitCodeOf(stopping.signal, screen);
}

/** Proves the main job, says what is missing, and ends. */
async function once(options: RunOptions, json: boolean): Promise<number> {
  const { screen, stopping } = options;
  const document = await proveMainJob({
    start: () => startCity(options),
    show: (city) => showTable(city, screen),
    print: (line) => {
      screen.print(line);
    },
    signal: stopping.signal,
  });
  screen.print(
    document.ok ? 'ok: all of it happened and was read back' : `FAILED: ${document.reason}`,
  );
  if (json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  return document.ok ? 0 : 1;
}

function startCity({ directory, devices, screen, stopping }: RunOptions): Promise<City> {
  return City.start({
    directory,
    devices,
    print: (line) => {
      screen.print(line);
    },
    onFailure: (error) => {
      stopping.abort(error);
    },
  });
}

function showTable(city: City, screen: Screen): Disposable {
  const timer = setInterval(() => {
    screen.show(city.journal.rows());
  }, REFRESH_MS);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
    },
  };
}

/** The first signal ends the city in order and within a deadline; a second one ends the process at once. */
function stopOnSignals(): AbortController {
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

function aborted(signal: AbortSignal): Promise<void> {
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
function exitCodeOf(signal: AbortSignal, screen: Screen): number {
  const reason: unknown = signal.reason;
  if (!(reason instanceof Error)) return 0;
  screen.print(`FAILED: ${reason.message}`);
  return 1;
}
