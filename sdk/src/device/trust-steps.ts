/**
 * How a device takes what moves its trust forward (docs/protocol.md §7.1, §7.3): the vendor's next roots, a link to the next
 * validator set, or a set that the vendor signed. Stored before it is acknowledged.
 */
import { ProtocolError } from '../protocol/errors.ts';
import { ProofError } from '../protocol/proof-errors.ts';
import type { ProofErrorCode } from '../protocol/proof-errors.ts';
import { BlobKind, ResultCode } from '../wire/message-types.ts';
import { encodeRoots } from '../wire/roots.ts';
import { decodeValidatorSet } from '../wire/validator-set.ts';
import type { DeviceServices } from './session-link.ts';

/** What became of an object: `code` as `ResultCode`. */
export interface TrustStep {
  readonly code: number;
  readonly reason: string;
}

const GOOD: TrustStep = { code: ResultCode.good, reason: '' };

/** §7.1: the next generation of the roots. */
export async function takeRoots(envelope: Uint8Array, device: DeviceServices): Promise<TrustStep> {
  const { code, memory, emit } = device;
  const { roots } = memory.keys;
  if (code.nextRoots === null || roots === null) return notSupported();
  try {
    const next = code.nextRoots(envelope, roots);
    await memory.saveKeys({ roots: encodeRoots(next) });
    emit('roots', { gen: next.gen });
    return GOOD;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { code: codeOfRoots(error), reason: error.message };
  }
}

/** §7.3: the next validator set, by a link or by the vendor. */
export async function takeValidators(
  kind: number,
  object: Uint8Array,
  { code: { witness }, memory, emit }: DeviceServices,
): Promise<TrustStep> {
  const { roots, ledger } = memory.keys;
  if (witness === null || roots === null || ledger === null) return notSupported();
  try {
    const validators =
      kind === BlobKind.validatorLink
        ? witness.followLink(object, ledger.validators)
        : witness.openSet(object, roots, ledger.validators);
    await memory.saveKeys({ ledger: { ...ledger, validators } });
    emit('validators', { epoch: decodeValidatorSet(validators).epoch });
    return GOOD;
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    return { code: CODES[error.code] ?? ResultCode.signature, reason: error.message };
  }
}

const CODES: Partial<Record<ProofErrorCode, number>> = {
  SET_NOT_NEWER: ResultCode.alreadyThere,
  LINK_OF_OTHER_SET: ResultCode.currentDoesNotFit,
  SET_TOO_OLD: ResultCode.proofsMissingOrStale,
};

function codeOfRoots({ code }: ProtocolError): number {
  switch (code) {
    case 'ROOTS_KNOWN':
      return ResultCode.alreadyThere;
    case 'ROOTS_NOT_NEXT':
      return ResultCode.rollbackExpiryOrTarget;
    default:
      return ResultCode.signature;
  }
}

function notSupported(): TrustStep {
  return { code: ResultCode.notSupported, reason: 'not for this class of device' };
}
