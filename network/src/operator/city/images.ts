/**
 * The firmware of the demonstration: two published releases of the open Pybricks hub firmware (MIT), read from the
 * archives of the npm package. Nothing here invents bytes: what devices run and receive is what the hubs run.
 */
import { readFileSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { OperatorError } from '../errors.ts';

export interface HubImage {
  readonly version: string;
  /** Grows with the version: major * 10000 + minor * 100 + patch. */
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

const PACKAGES = {
  '7.27.0': '@pybricks/firmware-7.27',
  '7.28.0': '@pybricks/firmware-7.28',
} as const;
export type HubVersion = keyof typeof PACKAGES;
export const FACTORY_VERSION: HubVersion = '7.27.0';
export const UPDATE_VERSION: HubVersion = '7.28.0';

/** Sequence number of a version text, so that releases order as versions do. */
export function sequenceOf(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return major * 10_000 + minor * 100 + patch;
}

/**
 * Reads one hub's image.
 *
 * @param archive name of the hub's archive, such as `primehub`
 * @throws {OperatorError} INSTALLATION_INCOMPLETE when the package or its image is missing
 */
export function hubImage(archive: string, version: HubVersion): HubImage {
  const name = PACKAGES[version];
  const bytes = unzipSync(readArchive(name, archive), {
    filter: (file) => file.name === 'firmware-base.bin',
  })['firmware-base.bin'];
  if (bytes === undefined) {
    throw new OperatorError(
      'INSTALLATION_INCOMPLETE',
      `${name} has no firmware-base.bin for ${archive}; run npm ci again`,
    );
  }
  return { version, sequence: sequenceOf(version), bytes };
}

function readArchive(name: string, archive: string): Uint8Array {
  try {
    return readFileSync(require.resolve(`${name}/build/${archive}.zip`));
  } catch (cause) {
    throw new OperatorError(
      'INSTALLATION_INCOMPLETE',
      `the demonstration's firmware (${name}) is not installed; run npm ci`,
      { cause },
    );
  }
}

/** A copy with one bit in the middle flipped: what an intruder's smallest change looks like. */
export function tamper(image: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(image);
  const middle = copy.length >> 1;
  copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
}
