/**
 * For tests that need Fabric's own programs: they count as skipped where neither FABRIC_BIN nor PATH has them, all of them and of
 * the right version.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import type { FabricBinaries } from '../../../network/src/fabric/index.ts';

function find(program: string): string | undefined {
  const { FABRIC_BIN: folder = '', PATH: path = '' } = process.env;
  const folders = folder === '' ? path.split(delimiter) : [folder];
  return folders.map((each) => join(each, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function look(): FabricBinaries | undefined {
  const [peer, orderer, configtxgen, osnadmin] = ['peer', 'orderer', 'configtxgen', 'osnadmin'].map(
    find,
  );
  if (!peer || !orderer || !configtxgen || !osnadmin) return undefined;
  const { stdout } = spawnSync(peer, ['version'], { encoding: 'utf8' });
  return /Version: v?3\.1\./.test(stdout) ? { peer, orderer, configtxgen, osnadmin } : undefined;
}

const binaries = look();

/** `describe`, or `describe.skip` without the programs. */
export const describeWithFabric: jest.Describe = binaries === undefined ? describe.skip : describe;

/** @throws Error without the programs: only for tests that are skipped then. */
export function fabricBinaries(): FabricBinaries {
  if (binaries === undefined) throw new Error('expected to be skipped without Fabric');
  return binaries;
}
