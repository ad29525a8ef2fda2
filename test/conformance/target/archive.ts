/** Chaincode packages as `peer lifecycle chaincode package` makes them for a chaincode that runs as a service. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { Header } from 'tar';

const BLOCK = 512;

/** Owner, mode and time are fixed, so that equal contents give an equal package id. */
function archive(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const parts = Object.entries(files).flatMap(([path, content]) => {
    const { length: size } = content;
    const header = new Header({ path, type: 'File', mode: 0o644, size, mtime: new Date(0) });
    const block = Buffer.alloc(BLOCK);
    header.encode(block, 0);
    return [block, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]));
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

export interface ChaincodePackage {
  readonly bytes: Uint8Array;
  /** `label:hash`, as the chaincode server must register. */
  readonly packageId: string;
}

/** @param address - `host:port` under which peers reach the chaincode server. */
export function newPackage(label: string, address: string): ChaincodePackage {
  const code = archive({
    'connection.json': json({ address, dial_timeout: '10s', tls_required: false }),
  });
  const bytes = archive({
    'metadata.json': json({ type: 'ccaas', label }),
    'code.tar.gz': code,
  });
  const hash = createHash('sha256').update(bytes).digest('hex');
  return { bytes, packageId: `${label}:${hash}` };
}
