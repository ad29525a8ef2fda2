/** Finds Fabric's programs, in the folder that FABRIC_BIN names or else on PATH. It downloads nothing. */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { messageOf } from '../errors.ts';
import { FabricError } from './errors.ts';

export const INSTALL_PAGE = 'https://hyperledger-fabric.readthedocs.io/en/latest/install.html';
/** SmartBFT orderers came with 3.0; what is written here was tried with 3.1. */
const SERIES = '3.1';
/** A program that says its version needs 50 ms; a busy machine may need many times that. */
const ANSWERS_WITHIN_MS = 30_000;

/** Paths of the programs. */
export interface FabricBinaries {
  readonly peer: string;
  readonly orderer: string;
  readonly configtxgen: string;
  readonly osnadmin: string;
}

type Program = keyof FabricBinaries;

/** What makes a program say its version; osnadmin has nothing of the kind and comes with the others. */
const VERSION_ARGUMENTS: Readonly<Record<Program, readonly string[] | undefined>> = {
  peer: ['version'],
  orderer: ['version'],
  configtxgen: ['-version'],
  osnadmin: undefined,
};
const PROGRAMS = Object.keys(VERSION_ARGUMENTS) as readonly Program[];

interface Found {
  readonly program: Program;
  readonly path: string;
  /** What is wrong with it. */
  readonly complaint?: string;
}

function foldersOf(environment: NodeJS.ProcessEnv): readonly string[] {
  const { FABRIC_BIN: folder = '', PATH: path = '' } = environment;
  return folder === '' ? path.split(delimiter).filter((each) => each !== '') : [folder];
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or nothing that can be run: the next folder may have it
  }
}

/** @returns what a program says of itself. @throws Error of the system when it cannot be run */
function versionOf(path: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(path, args, { timeout: ANSWERS_WITHIN_MS }, (error, stdout, stderr) => {
      if (error !== null) reject(new Error(error.message, { cause: error }));
      else resolve(/Version: *v?(\S+)/i.exec(stdout + stderr)?.[1] ?? 'unknown');
    });
  });
}

async function complaintOf(program: Program, path: string): Promise<string | undefined> {
  const args = VERSION_ARGUMENTS[program];
  if (args === undefined) return undefined;
  try {
    const version = await versionOf(path, args);
    if (version === SERIES || version.startsWith(`${SERIES}.`)) return undefined;
    return `${path} is of version ${version}`;
  } catch (error) {
    return `${path} cannot be run: ${messageOf(error).trim()}`;
  }
}

async function find(program: Program, folders: readonly string[]): Promise<Found> {
  for (const folder of folders) {
    const path = join(folder, program);
    if (await isExecutable(path)) {
      const complaint = await complaintOf(program, path);
      return { program, path, ...(complaint === undefined ? {} : { complaint }) };
    }
  }
  return { program, path: '', complaint: 'not found' };
}

/**
 * Looks for `peer`, `orderer`, `configtxgen` and `osnadmin`, and asks them for their versions.
 *
 * @param environment - FABRIC_BIN: the folder to look in, in place of PATH. @default process.env
 * @throws {@link FabricError} BINARIES_MISSING with all that is missing or of another version than 3.1
 */
export async function findBinaries(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<FabricBinaries> {
  const folders = foldersOf(environment);
  const found = await Promise.all(PROGRAMS.map((program) => find(program, folders)));
  const complaints = found.flatMap(({ program, complaint }) =>
    complaint === undefined ? [] : [`  ${program}: ${complaint}`],
  );
  if (complaints.length > 0) {
    const { FABRIC_BIN: folder = '' } = environment;
    const where = folder === '' ? 'on PATH (FABRIC_BIN may name their folder)' : `in ${folder}`;
    throw new FabricError(
      'BINARIES_MISSING',
      `expected Hyperledger Fabric's programs of version ${SERIES} ${where}, got\n` +
        `${complaints.join('\n')}\nHow to install them: ${INSTALL_PAGE}`,
    );
  }
  return Object.fromEntries(found.map(({ program, path }) => [program, path])) as Record<
    Program,
    string
  >;
}
