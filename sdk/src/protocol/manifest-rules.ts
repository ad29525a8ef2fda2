/**
 * D's rules for a manifest (docs/protocol.md §7.2, third column), for a payload whose signatures have been verified. M uses
 * the same rules before it offers a release (§6.3 step 8: "M verifies all that D will verify").
 */
import { equalBytes } from '../wire/bytes.ts';
import { transferOf } from '../wire/manifest.ts';
import type { Manifest } from '../wire/manifest.ts';
import { ResultCode } from '../wire/message-types.ts';

/** A release counter: a new `gen` of the vendor's roots is the only way to a lower `seq`. */
export interface ReleaseCounter {
  readonly gen: number;
  readonly seq: number;
}

/** What a device compares a manifest with. */
export interface InstallTarget {
  readonly vendor: string;
  readonly model: string;
  /** Component and slot. */
  readonly component: readonly [string, number];
  /** Generation of the stored vendor roots; null for class L, which has a MAC key in their place. */
  readonly rootsGen: number | null;
  readonly counter: ReleaseCounter;
  /** The release in use. */
  readonly inUse: { readonly seq: number; readonly sha256: Uint8Array };
  readonly slotBytes: number;
  /** Version of the boot loader. */
  readonly bootloader: number;
  /** Trusted time, seconds since 1970, or null where D has none (§6.8). */
  readonly time: number | null;
  /** Images that were tried or fetched in vain, with the code that ended them: never again (§6.6 step 6). */
  readonly refused: readonly { readonly sha256: Uint8Array; readonly code: number }[];
  /** What the ledger names for this device's challenge (§7.3): SHA-256 of the payload. Absent where no proof is asked. */
  readonly proven?: Uint8Array;
}

/** Why a manifest is not for this device: a code of §8 and a sentence for the operator. */
export interface ManifestRefusal {
  readonly code: number;
  readonly reason: string;
}

const { alreadyThere, rollbackExpiryOrTarget, currentDoesNotFit, noRoom, notSupported } =
  ResultCode;

type Rule = (manifest: Manifest, target: InstallTarget) => ManifestRefusal | null;

/** In the order of the table's keys, but what needs no action at all (1) is seen first. */
const rules: readonly Rule[] = [
  isForDevice,
  isThere,
  isNewer,
  fitsSlot,
  isSupported,
  followsPrecursor,
  isInTime,
  wasNotRefused,
];

/**
 * @returns the first rule that the manifest breaks, or null when it may be installed
 */
export function judgeManifest(manifest: Manifest, target: InstallTarget): ManifestRefusal | null {
  for (const rule of rules) {
    const refusal = rule(manifest, target);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** Keys 2, 3 and 17: equal to own. */
function isForDevice(manifest: Manifest, target: InstallTarget): ManifestRefusal | null {
  const code = rollbackExpiryOrTarget;
  if (manifest.vendor !== target.vendor) {
    return { code, reason: `expected vendor ${target.vendor}, got ${manifest.vendor}` };
  }
  if (manifest.model !== target.model) {
    return { code, reason: `expected model ${target.model}, got ${manifest.model}` };
  }
  const [name, slot] = manifest.component;
  if (name !== target.component[0] || slot !== target.component[1]) {
    return {
      code,
      reason: `expected component ${target.component.join('/')}, got ${name}/${slot}`,
    };
  }
  return null;
}

/** §6.5: an offer of what is in use already is no fault. */
function isThere(manifest: Manifest, target: InstallTarget): ManifestRefusal | null {
  const same =
    manifest.seq === target.inUse.seq && equalBytes(manifest.sha256, target.inUse.sha256);
  return same ? { code: alreadyThere, reason: `release ${manifest.seq} is in use` } : null;
}

/** Keys 4 and 5: gen that of the roots, (gen, seq) above the counter, pairwise. */
function isNewer(manifest: Manifest, target: InstallTarget): ManifestRefusal | null {
  const { gen, seq } = manifest;
  const code = rollbackExpiryOrTarget;
  if (target.rootsGen !== null && gen !== target.rootsGen) {
    return { code, reason: `expected a release of generation ${target.rootsGen}, got ${gen}` };
  }
  const { counter } = target;
  const newer = gen > counter.gen || (gen === counter.gen && seq > counter.seq);
  if (newer) return null;
  return {
    code,
    reason: `expected a release above ${counter.gen}.${counter.seq}, got ${gen}.${seq}`,
  };
}

/** Key 7: at most the slot. */
function fitsSlot(manifest: Manifest, target: InstallTarget): ManifestRefusal | null {
  if (manifest.size <= target.slotBytes) return null;
  return {
    code: noRoom,
    reason: `expected at most ${target.slotBytes} bytes, got ${manifest.size}`,
  };
}

/** Keys 13, 18 and 20: deltas and sets are extensions of this cut; 20 at most own. */
function isSupported(manifest: Manifest, target: InstallTarget): ManifestRefusal | null {
  if (manifest.format !== 0) return { code: notSupported, reason: 'deltas are not supported' };
  if (manifest.setDigest !== undefined) {
    return { code: notSupported, reason: 'sets of releases are not supported' };
  }
  const least = manifest.bootloader ?? 0;
  if (least <= target.bootloader) return null;
  return { code: notSupported, reason: `expected boot loader ${target.bootloader}, got ${least}` };
}

/** Key 12: equal to the slot in use before the first write. */
function followsPrecursor(manifest: Manifest, target: InstallTarget): ManifestRefusal | null {
  const { precursor } = manifest;
  if (precursor === undefined) return null;
  const { inUse } = target;
  if (precursor.seq === inUse.seq && equalBytes(precursor.sha256, inUse.sha256)) return null;
  return {
    code: currentDoesNotFit,
    reason: `expected a release after ${inUse.seq}, got one after ${precursor.seq}`,
  };
}

/** Key 16, §6.8: only where D has trusted time. */
function isInTime(manifest: Manifest, target: InstallTarget): ManifestRefusal | null {
  if (target.time === null || target.time <= manifest.expiry) return null;
  return {
    code: rollbackExpiryOrTarget,
    reason: `the release expired at ${manifest.expiry}, it is ${target.time}`,
  };
}

/** §6.6, step 6: the image refused never after. */
function wasNotRefused(manifest: Manifest, target: InstallTarget): ManifestRefusal | null {
  const { sha256 } = transferOf(manifest);
  const before = target.refused.find((each) => equalBytes(each.sha256, sha256));
  return before ? { code: before.code, reason: 'this image was refused before' } : null;
}
