/**
 * The master key that a node's state and keys are sealed under: from the environment (LAMPLIGHTER_MASTER_KEY, or a file named by
 * LAMPLIGHTER_MASTER_KEY_FILE), else from a file of mode 0600 that the first start makes.
 */
import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { readIfThere } from '../atomic-file.ts';
import { secretFile } from '../secret-file.ts';
import { AtRestError } from './errors.ts';
import { SEALED } from './sealed-file.ts';

const NAME = 'LAMPLIGHTER_MASTER_KEY';
const FILE_NAME = 'LAMPLIGHTER_MASTER_KEY_FILE';
const READABLE_BY_OTHERS = 0o077;

/**
 * @param directory of the node: where `master-key` is, or is made when there is no state yet
 * @returns 32 bytes
 * @throws {@link AtRestError} MASTER_KEY_MISSING, MASTER_KEY_MALFORMED, MASTER_KEY_EXPOSED
 */
export async function loadMasterKey(
  directory: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Uint8Array> {
  const text = environment[NAME];
  if (text !== undefined && text !== '') return parse(text, `the environment's ${NAME}`);
  const named = environment[FILE_NAME];
  if (named !== undefined && named !== '') return fromFile(named);
  const own = path.join(directory, 'master-key');
  if ((await readIfThere(own)) !== undefined) return fromFile(own);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (await holdsSealed(directory)) {
    throw new AtRestError(
      'MASTER_KEY_MISSING',
      `${directory} has a state but no master key: put back ${own}, or set ${NAME} or ${FILE_NAME}`,
    );
  }
  return secretFile(own);
}

async function fromFile(file: string): Promise<Uint8Array> {
  const text = await readIfThere(file);
  if (text === undefined) {
    throw new AtRestError(
      'MASTER_KEY_MISSING',
      `expected a master key in ${file}, which is not there`,
    );
  }
  const { mode } = await stat(file);
  if ((mode & READABLE_BY_OTHERS) !== 0) {
    throw new AtRestError(
      'MASTER_KEY_EXPOSED',
      `${file} can be read by others (mode ${(mode & 0o777).toString(8)}); run: chmod 600 ${file}`,
    );
  }
  return parse(text.toString('ascii'), file);
}

function parse(text: string, place: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(text.trim())) {
    throw new AtRestError(
      'MASTER_KEY_MALFORMED',
      `expected 64 lower-case hex digits in ${place}, got something else`,
    );
  }
  return new Uint8Array(Buffer.from(text.trim(), 'hex'));
}

/** Whether something was sealed under a master key: a gateway's `state/`, or a file. */
async function holdsSealed(directory: string): Promise<boolean> {
  const names = await readdir(directory);
  return names.some((name) => name === 'state' || name.endsWith(SEALED));
}
