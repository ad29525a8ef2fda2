/** `lamplighter start`: a whole city, for as long as wanted or just once. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { City } from '../city/city.ts';
import type { Engine } from '../city/engine.ts';
import { proveMainJob } from '../city/once.ts';
import { nameOf } from '../city/plan.ts';
import { chooseEngine, type EngineFlags } from '../engine-option.ts';
import { DEFAULT_DIRECTORY, StateDirectory } from '../state-directory.ts';
import { aborted, exitCodeOf, stopOnSignals } from '../stopping.ts';
import { newScreen, type Screen } from '../view/screen.ts';
import { stakeLines } from '../view/stake-lines.ts';

/** As on the command line. */
export interface StartFlags extends EngineFlags {
  readonly once: boolean;
  readonly json: boolean;
  readonly devices: number;
  readonly directory?: string;
  readonly fresh: boolean;
}

const REFRESH_MS = 250;

/** @returns the exit code */
export async function start(flags: StartFlags): Promise<number> {
  const engine = await chooseEngine(flags);
  const temporary = flags.once && flags.directory === undefined;
  const path = temporary
    ? mkdtempSync(join(tmpdir(), 'lamplighter-'))
    : resolve(flags.directory ?? DEFAULT_DIRECTORY);
  const stopping = stopOnSignals();
  try {
    using directory = StateDirectory.open(path, { fresh: flags.fresh, engine: engine.kind });
    if (flags.once) directory.requireUnused();
    using screen = newScreen(flags.json ? process.stderr : process.stdout);
    const { devices } = flags;
    const options = { directory: directory.path, devices, engine, screen, stopping };
    return flags.once ? await once(options, flags.json) : await run(options);
  } finally {
    if (temporary) rmSync(path, { recursive: true, force: true });
  }
}

interface RunOptions {
  readonly directory: string;
  readonly devices: number;
  readonly engine: Engine;
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
    engine: options.engine.kind,
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

function startCity(options: RunOptions): Promise<City> {
  const { directory, devices, engine, screen, stopping } = options;
  return City.start({
    directory,
    devices,
    engine,
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
    const { stake, rule } = city;
    const head = stake === undefined ? [] : stakeLines(stake, nameOf, rule);
    screen.show(city.journal.rows(), head);
  }, REFRESH_MS);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
    },
  };
}
