/**
 * The answers of peers that docs/protocol.md §7.3 has devices look at: a proof set (blob kind 2) and a validator link (kind 3).
 * The parts of a response are Fabric's bytes as they are; what makes them right is checked where they are verified.
 */
import { bool, bytes, codec, list, row } from './shapes.ts';

/** Responses of one proof set or link. */
export const RESPONSES_MOST = 32;
/** Steps from a challenge to the root of its tree: 2^16 devices in one call. */
export const CHALLENGE_PATH_MOST = 16;
/** A proof set, a link: more is not fetched. */
export const PROOF_BLOB_BYTES = 131_072;

/** A peer's signed answer to a query, with the proposal that it answers. */
export interface ProofResponse {
  /** `ChannelHeader` of the proposal. */
  readonly chdr: Uint8Array;
  /** `SignatureHeader` of the proposal. */
  readonly shdr: Uint8Array;
  /** `ChaincodeProposalPayload` without its TransientMap. */
  readonly ccpp: Uint8Array;
  /** `ProposalResponsePayload`. */
  readonly payload: Uint8Array;
  /** `SerializedIdentity` of the peer. */
  readonly endorser: Uint8Array;
  /** ECDSA over payload || endorser, DER. */
  readonly sig: Uint8Array;
}

/** One level of the challenge tree: the sibling, and whether it is on the left. */
export interface ChallengeStep {
  readonly left: boolean;
  readonly sibling: Uint8Array;
}

export interface ProofSet {
  /** From the leaf of the device's challenge up; empty when it was alone. */
  readonly path: readonly ChallengeStep[];
  readonly responses: readonly ProofResponse[];
}

export interface ValidatorLink {
  /** The newer set, as `encodeValidatorSet` writes it. */
  readonly set: Uint8Array;
  /** What the older set says of it. */
  readonly responses: readonly ProofResponse[];
}

const responses = list(
  row<ProofResponse>({
    chdr: bytes(),
    shdr: bytes(),
    ccpp: bytes(),
    payload: bytes(),
    endorser: bytes(),
    sig: bytes(),
  }),
  1,
  RESPONSES_MOST,
);

const proofSet = codec(
  row<ProofSet>({
    path: list(row<ChallengeStep>({ left: bool, sibling: bytes(32) }), 0, CHALLENGE_PATH_MOST),
    responses,
  }),
  'proof-set',
);

const validatorLink = codec(row<ValidatorLink>({ set: bytes(), responses }), 'link');

/** @throws {@link RangeError} when a field is not as the CDDL says */
export const encodeProofSet = proofSet.encode;

/** @throws {@link WireError} when the bytes are not a proof set */
export const decodeProofSet = proofSet.decode;

/** @throws {@link RangeError} when a field is not as the CDDL says */
export const encodeValidatorLink = validatorLink.encode;

/** @throws {@link WireError} when the bytes are not a link */
export const decodeValidatorLink = validatorLink.decode;
