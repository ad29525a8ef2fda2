/** A vendor-signed manifest (protocol §7.2) against the model it is for and what that vendor published before. */
import { createHash } from 'node:crypto';
import {
  decodeManifest,
  decodeSigned,
  WireError,
  type Manifest,
  type Signed,
} from '@lamplighter/sdk/wire';
import { ContractError } from './errors.ts';
import type { FirmwareIdentity, ModelRecord } from './records.ts';

const VERSION_CHARACTERS = 64;

export interface SignedManifest {
  readonly signed: Signed;
  readonly manifest: Manifest;
  /** SHA-256 of the manifest payload, hex: the release's id. */
  readonly id: string;
}

/** @throws ContractError RELEASE_INVALID when the bytes are not a `signed` over a manifest. */
export function decodeSignedManifest(envelope: Uint8Array): SignedManifest {
  try {
    const signed = decodeSigned(envelope);
    const id = createHash('sha256').update(signed.payload).digest('hex');
    return { signed, manifest: decodeManifest(signed.payload), id };
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new ContractError('RELEASE_INVALID', cause.message, { cause });
  }
}

/** The image of a manifest as devices and ledger name it. */
export function firmwareOf(manifest: Manifest): FirmwareIdentity {
  return {
    gen: manifest.gen,
    sequence: manifest.seq,
    version: manifest.version,
    size: manifest.size,
    sha256: Buffer.from(manifest.sha256).toString('hex'),
  };
}

/** The order of releases: (gen, sequence), pairwise (§7.2 keys 4 and 5). */
export type ReleaseOrder = Pick<FirmwareIdentity, 'gen' | 'sequence'>;

export function isAbove(left: ReleaseOrder, right: ReleaseOrder): boolean {
  return left.gen === right.gen ? left.sequence > right.sequence : left.gen > right.gen;
}

/**
 * §7.2 keys 2, 3, 6 and 7 and how a release reaches its devices: lightweight nodes never ask, so theirs is propagated.
 * @throws ContractError RELEASE_INVALID
 */
export function checkModel(manifest: Manifest, model: ModelRecord, propagate: boolean): void {
  const refuse = (expected: string): ContractError =>
    new ContractError('RELEASE_INVALID', `model ${model.id}: expected ${expected}`);
  if (manifest.vendor !== model.vendor) {
    throw refuse(`vendor ${model.vendor}, got ${manifest.vendor}`);
  }
  if (manifest.size > model.slotBytes) {
    throw refuse(`at most ${model.slotBytes} bytes, got ${manifest.size}`);
  }
  const { length } = manifest.version;
  if (length === 0 || length > VERSION_CHARACTERS) {
    throw refuse(`a version of 1 to ${VERSION_CHARACTERS} characters, got ${length}`);
  }
  if (model.kind === 'lightweight' && !propagate) {
    throw refuse('propagation of a release for lightweight nodes');
  }
}

/** @throws ContractError RELEASE_OUTDATED unless the release is above `last`. */
export function checkAbove(release: ReleaseOrder, last: ReleaseOrder | null): void {
  if (last !== null && !isAbove(release, last)) {
    throw new ContractError(
      'RELEASE_OUTDATED',
      `expected (gen, sequence) above (${last.gen}, ${last.sequence}), got (${release.gen}, ${release.sequence})`,
    );
  }
}
