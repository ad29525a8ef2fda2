/** The provisioning document as a file, for Node (docs/provisioning.md). Browsers call `parseProvisioning` themselves. */
import { DeviceError } from './errors.ts';
import { parseProvisioning } from './provisioning.ts';
import type { DeviceIdentity } from './provisioning.ts';

/** Larger than any document: a class E assignment with eight endpoints is about 2 KiB of hex. */
const FILE_BYTES = 65536;

/**
 * Reads and parses a provisioning document.
 *
 * @throws {@link DeviceError} `PROVISIONING_NOT_READABLE` or `PROVISIONING_INVALID`
 */
export async function loadProvisioning(path: string): Promise<DeviceIdentity> {
  // Imported here, so that a bundle for browsers which names this function still loads.
  const { readFile } = await import('node:fs/promises');
  let json: string;
  try {
    json = await readFile(path, 'utf8');
  } catch (error) {
    throw new DeviceError('PROVISIONING_NOT_READABLE', `provisioning: can not read ${path}`, {
      cause: error,
    });
  }
  return parseProvisioning(parseJson(json, path));
}

function parseJson(json: string, path: string): unknown {
  if (json.length > FILE_BYTES) {
    throw new DeviceError('PROVISIONING_INVALID', `provisioning: ${path} is larger than 64 KiB`);
  }
  try {
    return JSON.parse(json) as unknown;
  } catch {
    // The parser's own message quotes the text, which holds a secret.
    throw new DeviceError('PROVISIONING_INVALID', `provisioning: ${path} is not JSON`);
  }
}
