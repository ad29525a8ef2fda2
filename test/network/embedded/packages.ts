/** Chaincode packages for the tests: good ones, and bad ones of many kinds. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { Header, types } from 'tar';

const BLOCK = 512;

export interface TarEntry {
  readonly path: string;
  readonly content?: Uint8Array | string;
  readonly type?: types.EntryTypeName;
  readonly linkpath?: string;
}

export function tarGz(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap(({ path, content = '', type = 'File', linkpath = '' }) => {
    const body = Buffer.from(content);
    const header = new Header({ path, type, linkpath, mode: 0o644, size: body.length });
    const block = Buffer.alloc(BLOCK);
    header.encode(block, 0);
    return [block, body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]));
}

export interface PackageParts {
  readonly metadata?: unknown;
  readonly connection?: unknown;
  /** In place of an archive with connection.json. */
  readonly code?: Uint8Array;
}

export interface TestPackage {
  readonly bytes: Buffer;
  readonly packageId: string;
}

/** @param label - also of the metadata, unless that is given. */
export function newPackage(label: string, parts: PackageParts = {}): TestPackage {
  const {
    metadata = { type: 'ccaas', label },
    connection = { address: '127.0.0.1:9', dial_timeout: '10s', tls_required: false },
  } = parts;
  const code =
    parts.code ?? tarGz([{ path: 'connection.json', content: JSON.stringify(connection) }]);
  const bytes = tarGz([
    { path: 'metadata.json', content: JSON.stringify(metadata) },
    { path: 'code.tar.gz', content: code },
  ]);
  return { bytes, packageId: `${label}:${createHash('sha256').update(bytes).digest('hex')}` };
}
