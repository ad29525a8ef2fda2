/**
 * Chaincode packages as `peer lifecycle chaincode install` sends them (core/chaincode/persistence): a tar.gz of metadata.json and
 * code.tar.gz; for chaincode as a service the code is a connection.json. Whoever sends one may be hostile: what unpacks to too
 * much, or holds anything but plain files, is refused.
 */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';

import { Parser, type ReadEntry } from 'tar';

import { EmbeddedError, messageOf } from '../errors.ts';
import { LIMITS } from '../limits.ts';

const METADATA = 'metadata.json';
const CODE = 'code.tar.gz';
const CONNECTION = 'connection.json';
const LABEL = /^[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}$/;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** Where a chaincode's server is found. */
export interface ChaincodeConnection {
  /** `host:port`. */
  readonly address: string;
  readonly dialTimeoutMs: number;
}

export interface ChaincodePackage {
  /** `label:` and the SHA-256 of the package, hex. */
  readonly packageId: string;
  readonly label: string;
  readonly connection: ChaincodeConnection;
}

function malformed(message: string, cause?: unknown): EmbeddedError {
  return new EmbeddedError('MESSAGE_MALFORMED', message, { cause });
}

function unserved(message: string): EmbeddedError {
  return new EmbeddedError('NOT_SERVED', `could not build chaincode: ${message}`);
}

function decompress(bytes: Uint8Array, what: string): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: LIMITS.packageUnpackedBytes });
  } catch (cause) {
    throw malformed(
      `${what}: expected a gzip stream of up to ${LIMITS.packageUnpackedBytes} bytes unpacked: ${messageOf(cause)}`,
      cause,
    );
  }
}

/** Collects the content of one entry of an archive. */
function collect(entry: ReadEntry, files: Map<string, Buffer>): void {
  const parts: Buffer[] = [];
  entry.on('data', (part: Buffer) => {
    parts.push(part);
  });
  entry.on('end', () => {
    files.set(entry.path, Buffer.concat(parts));
  });
}

/** @returns the plain files of a tar.gz by name. */
function unpack(
  bytes: Uint8Array,
  what: string,
  allowed: readonly string[],
): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  const problems: string[] = [];
  let entries = 0;
  const parser = new Parser({ strict: true, gzip: false, brotli: false, zstd: false });
  parser.on('error', (error: Error) => problems.push(error.message));
  parser.on('entry', (entry: ReadEntry) => {
    entries++;
    if (!allowed.includes(entry.type)) {
      problems.push(`tar entry ${entry.path} is not a regular file, type ${entry.type}`);
    } else if (files.has(entry.path)) {
      problems.push(`tar entry ${entry.path} is there twice`);
    }
    collect(entry, files);
  });
  parser.on('ignoredEntry', (entry: ReadEntry) => {
    problems.push(`tar entry ${entry.path} is not a regular file, type ${entry.type}`);
  });
  parser.end(decompress(bytes, what));
  if (entries > LIMITS.packageEntries) {
    problems.push(`expected up to ${LIMITS.packageEntries} entries, got ${entries}`);
  }
  const [problem] = problems;
  if (problem !== undefined) {
    throw malformed(`${what}: ${problem}`);
  }
  return files;
}

/** @returns the string fields of a JSON object. */
function readJson(bytes: Buffer | undefined, what: string): Readonly<Record<string, unknown>> {
  if (!bytes) {
    throw malformed(`did not find ${what} in the package`);
  }
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return Object.fromEntries(Object.entries(value));
    }
  } catch (cause) {
    throw malformed(`could not unmarshal ${what} as json: ${messageOf(cause)}`, cause);
  }
  throw malformed(`could not unmarshal ${what} as json: expected an object`);
}

/** Go's notation, one unit: 10s, 500ms, 1m. */
function readTimeout(value: unknown): number {
  if (value === undefined || value === '') {
    return LIMITS.dialTimeoutMs;
  }
  const [, amount, unit] =
    (typeof value === 'string' ? /^(\d{1,6})(ms|s|m)$/.exec(value) : undefined) ?? [];
  if (amount === undefined || unit === undefined) {
    throw malformed(
      `${CONNECTION}: expected a dial_timeout such as 10s, got ${JSON.stringify(value)}`,
    );
  }
  return Math.min(Number(amount) * (UNITS[unit] ?? 1), LIMITS.packageDialTimeoutMs);
}

function readConnection(bytes: Buffer | undefined): ChaincodeConnection {
  const { address, dial_timeout, tls_required } = readJson(bytes, CONNECTION);
  if (typeof address !== 'string' || !/^[^\s/{}]{1,253}:\d{1,5}$/.test(address)) {
    throw unserved(
      `${CONNECTION}: expected an address host:port (templates are not filled in), got ${JSON.stringify(address)}`,
    );
  }
  if (tls_required === true) {
    throw unserved(`${CONNECTION}: tls_required is not served; peers dial chaincode in the clear`);
  }
  return { address, dialTimeoutMs: readTimeout(dial_timeout) };
}

/** @throws {@link EmbeddedError} MESSAGE_MALFORMED, NOT_SERVED for a package that only other peers could run */
export function readPackage(bytes: Uint8Array): ChaincodePackage {
  const files = unpack(bytes, 'chaincode package', ['File', 'OldFile']);
  const code = files.get(CODE);
  if (!code) {
    throw malformed('did not find a code package inside the package');
  }
  const { type, label } = readJson(files.get(METADATA), METADATA);
  if (typeof label !== 'string' || !LABEL.test(label)) {
    throw malformed(
      `invalid label ${JSON.stringify(label)}. Label must be non-empty, can only consist of alphanumerics, symbols from '.+-_', and can only begin with alphanumerics`,
    );
  }
  if (String(type).toLowerCase() !== 'ccaas') {
    throw unserved(
      `expected type ccaas in ${METADATA} (chaincode as a service), got ${JSON.stringify(type)}`,
    );
  }
  const codeFiles = unpack(code, CODE, ['File', 'OldFile', 'Directory']);
  const hash = createHash('sha256').update(bytes).digest('hex');
  return {
    packageId: `${label}:${hash}`,
    label,
    connection: readConnection(codeFiles.get(CONNECTION) ?? codeFiles.get(`./${CONNECTION}`)),
  };
}
