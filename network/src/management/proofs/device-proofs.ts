/**
 * Proofs as devices fetch them (protocol §6.3, §6.5, §7.3): what the ledger says in answer to a device's challenge, and links when
 * it shows that it knows an older set.
 */
import { createHash } from 'node:crypto';
import { BlobKind, limits, messageNumber, ResultCode, toHex } from '@lamplighter/sdk/wire';
import type { Want } from '@lamplighter/sdk/wire';
import type { Contracts } from '../../ledger/contracts.ts';
import type { Deliveries } from '../deliveries.ts';
import type { DeviceEntry } from '../device-database.ts';
import type { LiveSession } from '../live-session.ts';
import type { ReleaseAdmission } from '../release-admission.ts';
import { isNewer } from '../release-store.ts';
import type { VerifiedRelease } from '../release-verification.ts';
import type { VendorGateway } from '../vendor-gateway.ts';
import type { ReleaseProofs } from './release-proofs.ts';
import type { ValidatorChain } from './validator-chain.ts';

export interface DeviceProofsParts {
  readonly releases: Pick<ReleaseProofs, 'prove'>;
  readonly validators: Pick<ValidatorChain, 'link' | 'linkFrom'>;
  readonly admission: Pick<ReleaseAdmission, 'admit'>;
  readonly contracts: Pick<Contracts, 'readVendor'>;
  readonly vendors: Pick<VendorGateway, 'validatorSet'>;
  /** Made after the proofs, which it serves. */
  readonly deliveries: () => Pick<Deliveries, 'keep'>;
}

/** What a device may be told, and the encoded `proof-set` that shows it. */
export type ProvenAnswer =
  | { readonly kind: 'current' | 'no-release'; readonly proofs: Uint8Array }
  | { readonly kind: 'offer'; readonly release: VerifiedRelease; readonly proofs: Uint8Array };

/** See the module comment. */
export class DeviceProofs {
  readonly #parts: DeviceProofsParts;
  readonly #pushed = new WeakMap<LiveSession, number>();
  readonly #rescued = new WeakSet<LiveSession>();

  constructor(parts: DeviceProofsParts) {
    this.#parts = parts;
  }

  /**
   * What the ledger names for a device, whatever its vendor said meanwhile: nothing else would be believed.
   *
   * @throws {@link ManagementError} PROOFS_BUSY, PROOF_NOT_WON; {@link LedgerError}
   */
  async answer(entry: DeviceEntry, challenge: Uint8Array): Promise<ProvenAnswer> {
    const { releases, admission } = this.#parts;
    const { statement, proofSet: proofs } = await releases.prove(entry.model, challenge);
    const { manifest, gen, seq: sequence } = statement;
    if (manifest === '') return { kind: 'no-release', proofs };
    if (!isNewer({ ...entry.firmware, gen, sequence }, entry.firmware)) {
      return { kind: 'current', proofs };
    }
    const release = await admission.admit(manifest);
    // Also what the device refused before: "nothing" would be disproved by the very proof.
    if (release === null) return { kind: 'no-release', proofs };
    return { kind: 'offer', release, proofs };
  }

  /**
   * A device that wants a set which it has itself wants the link away from it (§7.3).
   *
   * @returns false for a `want` of something else
   */
  wanted(live: LiveSession, { sha256 }: Want): boolean {
    const link = this.#parts.validators.linkFrom(toHex(sha256));
    if (live.lightweight || link === undefined) return false;
    const pushed = this.#pushed.get(live) ?? 0;
    if (link === null || pushed >= limits.LINKS_MOST) {
      live.send({ type: 'error', re: messageNumber.want, code: ResultCode.notSupported });
      return true;
    }
    this.#pushed.set(live, pushed + 1);
    const name = new Uint8Array(createHash('sha256').update(link).digest());
    const ref = { kind: BlobKind.validatorLink, sha256: name, size: link.length };
    live.send({ type: 'push', ref });
    return true;
  }

  /**
   * A proof did not convince a device: no link leads from the set that it knows, or the set is too old for links. The vendor's
   * signature moves it (§7.3, kind 8), once a session.
   *
   * @throws LedgerError, ExchangeError
   */
  async rescue(live: LiveSession, { vendor: id }: DeviceEntry): Promise<void> {
    const { contracts, vendors, deliveries } = this.#parts;
    if (this.#rescued.has(live)) return;
    this.#rescued.add(live);
    const envelope = await vendors.validatorSet(await contracts.readVendor(id));
    const { sha256, size } = deliveries().keep(live, envelope);
    live.send({ type: 'push', ref: { kind: BlobKind.validatorSet, sha256, size } });
  }

  /** A link by its digest: the same for every device. */
  link(sha256: Uint8Array): Uint8Array | undefined {
    return this.#parts.validators.link(toHex(sha256));
  }
}
