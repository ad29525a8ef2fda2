/**
 * Releases (protocol §7): manifest and chunk tree of an image, the vendor's signature for end nodes, its MAC for one
 * lightweight node, and what another vendor checks before it approves. Pure.
 */
import { createHash } from 'node:crypto';

import type { FirmwareIdentity, ModelRecord, ReleaseRecord } from '@lamplighter/chaincode';
import {
  chunkTree,
  CryptoError,
  macEnvelope,
  openEnvelope,
  signEnvelope,
  type EnvelopeSigner,
} from '@lamplighter/sdk/crypto';
import {
  decodeManifest,
  encodeManifest,
  encodeSigned,
  WireError,
  type Manifest,
} from '@lamplighter/sdk/wire';

import { VendorError } from './vendor-error.ts';

/** What is released, beside the image itself. */
export interface ReleaseText {
  readonly vendor: string;
  readonly model: string;
  readonly gen: number;
  readonly seq: number;
  readonly version: string;
  /** log2 of the chunk size, 8..15. */
  readonly chunkLog2: number;
  /** Seconds since 1970. */
  readonly expiry: number;
  readonly component: readonly [string, number];
}

export interface SignedRelease {
  /** SHA-256 of the manifest payload, hex: the release's id on the ledger. */
  readonly id: string;
  readonly manifest: Manifest;
  /** `signed` manifest, alg 1. */
  readonly envelope: Uint8Array;
}

/** @param signers all whose signatures it carries: {@link RootKeys.signers} */
export function signRelease(
  text: ReleaseText,
  image: Uint8Array,
  ...signers: readonly EnvelopeSigner[]
): SignedRelease {
  const manifest: Manifest = {
    ...text,
    size: image.length,
    sha256: sha256(image),
    root: chunkTree(image, text.chunkLog2).root,
    format: 0,
  };
  const payload = encodeManifest(manifest);
  const envelope = encodeSigned(signEnvelope('release', payload, ...signers));
  return { id: hex(sha256(payload)), manifest, envelope };
}

/**
 * Class L: the manifest under one device's vendor MAC, only of a release that this vendor itself signed.
 *
 * @param release as it stands on the ledger
 * @param keys.vendorKey own release key, public; keys.kvm the device's vendor MAC key
 * @throws VendorError RELEASE_NOT_APPROVED, RELEASE_REFUSED
 */
export function deviceEnvelope(
  release: Pick<ReleaseRecord, 'id' | 'state' | 'envelope'>,
  keys: { readonly vendorKey: Uint8Array; readonly kvm: Uint8Array },
): Uint8Array {
  if (release.state !== 'approved') {
    throw new VendorError('RELEASE_NOT_APPROVED', `release ${release.id} is ${release.state}`);
  }
  const payload = openRelease(release, keys.vendorKey);
  return encodeSigned(macEnvelope('release', payload, keys.kvm));
}

/**
 * What a second organisation checks before it approves another's release: signature, id, what the ledger says of the
 * manifest, model and slot, expiry, and that the image is the one that the manifest describes, chunk tree included.
 *
 * @param against.vendorKey the publisher's release key, from the ledger
 * @param against.image as the publisher serves it
 * @param against.now seconds since 1970
 * @throws VendorError RELEASE_REFUSED with the reason
 */
export function reviewRelease(
  release: ReleaseRecord,
  against: {
    readonly vendorKey: Uint8Array;
    readonly model: ModelRecord;
    readonly image: Uint8Array;
    readonly now: number;
  },
): Manifest {
  const manifest = reviewManifest(release, against);
  if (against.image.length !== manifest.size) {
    throw refused(release, `the image has ${against.image.length} bytes, not ${manifest.size}`);
  }
  if (hex(sha256(against.image)) !== hex(manifest.sha256)) {
    throw refused(release, 'the image has another digest');
  }
  if (hex(chunkTree(against.image, manifest.chunkLog2).root) !== hex(manifest.root)) {
    throw refused(release, 'the image has another chunk tree');
  }
  return manifest;
}

/** The part of {@link reviewRelease} that needs no image. @throws VendorError RELEASE_REFUSED */
export function reviewManifest(
  release: ReleaseRecord,
  against: {
    readonly vendorKey: Uint8Array;
    readonly model: ModelRecord;
    readonly now: number;
  },
): Manifest {
  const manifest = manifestOf(release, openRelease(release, against.vendorKey));
  const { model } = against;
  if (manifest.vendor !== release.vendor || manifest.vendor !== model.vendor) {
    throw refused(release, `the manifest is of vendor "${manifest.vendor}"`);
  }
  if (manifest.model !== release.model || manifest.model !== model.id) {
    throw refused(release, `the manifest is for model "${manifest.model}"`);
  }
  if (!sameFirmware(release.firmware, manifest)) {
    throw refused(release, 'the ledger describes another image than the manifest');
  }
  if (manifest.size > model.slotBytes) {
    throw refused(release, `${manifest.size} bytes do not fit a slot of ${model.slotBytes}`);
  }
  if (manifest.expiry <= against.now) throw refused(release, 'the manifest has expired');
  return manifest;
}

/** @returns the payload, whose digest is the release's id and whose signature is the vendor's */
function openRelease(
  release: Pick<ReleaseRecord, 'id' | 'envelope'>,
  vendorKey: Uint8Array,
): Uint8Array {
  try {
    const bytes = new Uint8Array(Buffer.from(release.envelope, 'hex'));
    const trust = { kind: 'signature' as const, threshold: 1, keys: [vendorKey] };
    const payload = openEnvelope('release', bytes, trust);
    if (hex(sha256(payload)) !== release.id)
      throw refused(release, 'its id is of another manifest');
    return payload;
  } catch (error) {
    if (error instanceof WireError || error instanceof CryptoError) {
      throw refused(release, `its envelope does not hold: ${error.message}`, error);
    }
    throw error;
  }
}

function manifestOf(release: ReleaseRecord, payload: Uint8Array): Manifest {
  try {
    return decodeManifest(payload);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw refused(release, `its manifest does not decode: ${error.message}`, error);
  }
}

function sameFirmware(firmware: FirmwareIdentity, manifest: Manifest): boolean {
  return (
    firmware.gen === manifest.gen &&
    firmware.sequence === manifest.seq &&
    firmware.version === manifest.version &&
    firmware.size === manifest.size &&
    firmware.sha256 === hex(manifest.sha256)
  );
}

function refused(release: { readonly id: string }, why: string, cause?: unknown): VendorError {
  const options = cause === undefined ? undefined : { cause };
  return new VendorError('RELEASE_REFUSED', `release ${release.id}: ${why}`, options);
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
