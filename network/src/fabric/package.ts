/**
 * The chaincode package of one organisation, as `peer lifecycle chaincode package` makes them for chaincode that runs as a
 * service: how that organisation's peer reaches its server. Equal contents give equal bytes, and so an equal package id.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { Header } from 'tar';

/** tar's. */
const BLOCK = 512;
const MODE = 0o644;

/** How a peer reaches a chaincode server, and what both show each other. */
export interface ChaincodeConnection {
  /** `host:port` */
  readonly address: string;
  /** A name in the server's TLS certificate. */
  readonly serverName: string;
  /** Certificate of the CA that vouches for the server, PEM. */
  readonly rootCertificate: string;
  /** PEM. */
  readonly clientCertificate: string;
  /** PEM. Secret, and so is the package. */
  readonly clientKey: string;
}

export interface ChaincodePackage {
  /** tar.gz */
  readonly bytes: Uint8Array;
  /** `label:hash`, as peers compute it and the server must register. */
  readonly packageId: string;
}

/** Owner, mode and time are fixed. */
function archive(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const parts = Object.entries(files).flatMap(([path, content]) => {
    const { length: size } = content;
    const header = new Header({ path, type: 'File', mode: MODE, size, mtime: new Date(0) });
    const block = Buffer.alloc(BLOCK);
    header.encode(block, 0);
    return [block, content, Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)];
  });
  // Its header names neither time nor system: the same bytes everywhere.
  const compressed = gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]));
  compressed[9] = 255;
  return compressed;
}

function json(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** @param label - such as `lamplighter_0.1.0` */
export function newChaincodePackage(
  label: string,
  connection: ChaincodeConnection,
): ChaincodePackage {
  const code = archive({
    'connection.json': json({
      address: connection.address,
      domain: connection.serverName,
      dial_timeout: '10s',
      tls_required: true,
      client_auth_required: true,
      client_key: connection.clientKey,
      client_cert: connection.clientCertificate,
      root_cert: connection.rootCertificate,
    }),
  });
  const bytes = archive({ 'metadata.json': json({ type: 'ccaas', label }), 'code.tar.gz': code });
  const hash = createHash('sha256').update(bytes).digest('hex');
  return { bytes, packageId: `${label}:${hash}` };
}
