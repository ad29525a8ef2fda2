/**
 * What M verifies of a release before it offers it to anybody (protocol §6.5 step 1, §6.3 steps 4 to 7): all that a device
 * will verify, and the approval, which a lightweight device cannot see. Pure: bytes and records in, a verdict out.
 */
import { createHash } from 'node:crypto';
import type { ReleaseRecord, VendorRecord } from '@lamplighter/chaincode';
import { chunkTree, CryptoError, equalBytes, verifyEnvelope } from '@lamplighter/sdk/crypto';
import {
  decodeManifest,
  decodeSigned,
  WireError,
  type Manifest,
  type Signed,
} from '@lamplighter/sdk/wire';
import { ManagementError } from './management-error.ts';

/** A manifest that is the vendor's, approved, and what the ledger says it is. */
export interface VerifiedRelease {
  readonly record: ReleaseRecord;
  readonly manifest: Manifest;
  /** The `signed` bytes (alg 1), as offered to end nodes. */
  readonly signed: Uint8Array;
}

/**
 * Propagation, step 1: approval, signature, identity, expiry.
 *
 * @param now seconds since 1970
 * @throws {@link ManagementError} RELEASE_NOT_APPROVED, RELEASE_SIGNATURE_INVALID, RELEASE_MISMATCH
 */
export function verifyRelease(
  record: ReleaseRecord,
  vendor: VendorRecord,
  now: number,
): VerifiedRelease {
  if (record.state !== 'approved') {
    throw new ManagementError(
      'RELEASE_NOT_APPROVED',
      `expected an approved release, ${record.id} is ${record.state}`,
    );
  }
  const bytes = new Uint8Array(Buffer.from(record.envelope, 'hex'));
  const payload = openedBy(bytes, vendor.signingKey);
  const manifest = readManifest(payload);
  const id = createHash('sha256').update(payload).digest('hex');
  const problem = mismatch(record, { vendor: vendor.id, id, manifest, now });
  if (problem !== null) throw new ManagementError('RELEASE_MISMATCH', problem);
  return { record, manifest, signed: bytes };
}

/**
 * Propagation, step 1: the image is the manifest's, to the last chunk.
 *
 * @throws {@link ManagementError} RELEASE_ROOT_MISMATCH
 */
export function verifyImage(manifest: Manifest, image: Uint8Array): void {
  const right =
    image.length === manifest.size &&
    equalBytes(chunkTree(image, manifest.chunkLog2).root, manifest.root);
  if (!right) {
    throw new ManagementError(
      'RELEASE_ROOT_MISMATCH',
      `expected an image of ${manifest.size} bytes whose chunk tree has the manifest's root`,
    );
  }
}

/**
 * A lightweight device's envelope: its MAC is the device's to check, its payload must be the verified manifest's.
 *
 * @throws {@link ManagementError} RELEASE_SIGNATURE_INVALID, RELEASE_MISMATCH
 */
export function verifyDeviceEnvelope(release: VerifiedRelease, envelope: Uint8Array): void {
  const { payload, signatures } = readSigned(envelope);
  if (!signatures.some((signature) => signature.alg === 3)) {
    throw new ManagementError('RELEASE_SIGNATURE_INVALID', 'expected a vendor MAC (alg 3)');
  }
  if (!equalBytes(payload, readSigned(release.signed).payload)) {
    throw new ManagementError(
      'RELEASE_MISMATCH',
      `expected the manifest of release ${release.record.id} in the device's envelope`,
    );
  }
}

function openedBy(bytes: Uint8Array, signingKey: string): Uint8Array {
  const key = new Uint8Array(Buffer.from(signingKey, 'hex'));
  const signed = readSigned(bytes);
  try {
    return verifyEnvelope('release', signed, { kind: 'signature', threshold: 1, keys: [key] });
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    throw new ManagementError(
      'RELEASE_SIGNATURE_INVALID',
      'expected a valid signature by the vendor key on the ledger',
      { cause: error },
    );
  }
}

function readSigned(bytes: Uint8Array): Signed {
  return readOr(() => decodeSigned(bytes));
}

function readManifest(payload: Uint8Array): Manifest {
  return readOr(() => decodeManifest(payload));
}

function readOr<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new ManagementError('RELEASE_MISMATCH', `the release is malformed: ${error.message}`, {
      cause: error,
    });
  }
}

interface Found {
  readonly vendor: string;
  readonly id: string;
  readonly manifest: Manifest;
  readonly now: number;
}

function mismatch(record: ReleaseRecord, found: Found): string | null {
  const { manifest } = found;
  const { firmware } = record;
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['release id', record.id, found.id],
    ['vendor of the record', record.vendor, found.vendor],
    ['vendor', record.vendor, manifest.vendor],
    ['model', record.model, manifest.model],
    ['generation', firmware.gen, manifest.gen],
    ['sequence', firmware.sequence, manifest.seq],
    ['version', firmware.version, manifest.version],
    ['size', firmware.size, manifest.size],
    ['SHA-256', firmware.sha256, Buffer.from(manifest.sha256).toString('hex')],
    ['format', 0, manifest.format],
  ];
  const different = pairs.find(([, expected, got]) => expected !== got);
  if (different !== undefined) {
    const [name, expected, got] = different;
    return `${name}: the ledger says ${String(expected)}, the manifest ${String(got)}`;
  }
  if (manifest.expiry >= found.now) return null;
  return `release ${record.id} expired at ${manifest.expiry}, it is ${found.now}`;
}
