/**
 * Proof by the ledger (docs/protocol.md §7.3): a statement is believed when organisations with more than the threshold's part
 * of the stake that the device knows say the same, and the set of those organisations moves only by their own word, or by the
 * vendor's. Pure: runs in Node and in browsers alike.
 */
import { openEnvelope } from '../crypto/envelope.ts';
import type { VendorTrust } from '../crypto/envelope.ts';
import { CryptoError } from '../crypto/errors.ts';
import { leafHash, nodeHash } from '../crypto/merkle.ts';
import { sha256Of } from '../crypto/suites.ts';
import { toHex } from '../wire/bytes.ts';
import { WireError } from '../wire/errors.ts';
import { SET_AGE } from '../wire/limits.ts';
import { decodeProofSet, decodeValidatorLink } from '../wire/proof-set.ts';
import type { ProofResponse, ProofSet } from '../wire/proof-set.ts';
import type { Statement } from '../wire/statement.ts';
import { decidesInSet, decodeValidatorSet, sharesOfOrganisations } from '../wire/validator-set.ts';
import type { ValidatorSet } from '../wire/validator-set.ts';
import { ProofError } from './proof-errors.ts';
import type { DroppedResponses, ResponseFault } from './proof-errors.ts';
import { judgeResponse } from './proof-response.ts';
import type { LedgerPin, ProofQuestion } from './proof-response.ts';
import { isLinkStatement, readReleaseStatement } from './proof-statements.ts';
import type { ReleaseStatement } from './proof-statements.ts';

/** The function that proves a release, and the one that proves a step from set to set. */
const PROVE_RELEASE = 'Firmware:ProveRelease';
const PROVE_VALIDATORS = 'Stake:ProveValidators';

/** What a device asks. */
export interface ReleaseQuestion {
  readonly model: string;
  /** 32 bytes, used once. */
  readonly challenge: Uint8Array;
}

/** A statement that enough stake says. */
export type ReleaseVerdict =
  | {
      readonly kind: 'proven';
      readonly statement: ReleaseStatement;
      readonly dropped: DroppedResponses;
    }
  /** The set has moved: links are due before this proof can be believed. */
  | { readonly kind: 'set-moved'; readonly statement: ReleaseStatement };

/** Weighs a proof set for one device's challenge. */
export function weighReleaseProof(
  encoded: Uint8Array,
  question: ReleaseQuestion,
  pin: LedgerPin,
  heldSet: Uint8Array,
): ReleaseVerdict {
  const { path, responses } = read('proof set', () => decodeProofSet(encoded));
  const set = read('validator set', () => decodeValidatorSet(heldSet));
  const challenge = toHex(challengeRoot(question.challenge, path));
  const { model } = question;
  const asked = { ...pin, args: [PROVE_RELEASE, model, challenge] };
  const about = { channel: pin.channel, model, challenge };
  const { winners, dropped } = weigh(responses, set, asked, (statement) =>
    readReleaseStatement(statement, about),
  );
  const statement = newestOf(winners, dropped);
  const move = moveOf(statement, heldSet, set);
  return move === 'same'
    ? { kind: 'proven', statement, dropped }
    : { kind: 'set-moved', statement };
}

/** The root that the ledger was asked with: §7.2's tree over many challenges, or one leaf alone. */
export function challengeRoot(challenge: Uint8Array, path: ProofSet['path']): Uint8Array {
  return path.reduce(
    (hash, { left, sibling }) => (left ? nodeHash(sibling, hash) : nodeHash(hash, sibling)),
    leafHash(challenge),
  );
}

/**
 * "The set moves forward": the next set, if the older one says so.
 *
 * @returns the newer set, encoded
 * @throws {@link ProofError} `PROOF_MALFORMED`, `SET_NOT_NEWER`, `SET_TOO_OLD`, `LINK_OF_OTHER_SET`, `PROOF_NOT_WON`
 */
export function followLink(encoded: Uint8Array, pin: LedgerPin, heldSet: Uint8Array): Uint8Array {
  const { set: next, responses } = read('link', () => decodeValidatorLink(encoded));
  const held = read('validator set', () => decodeValidatorSet(heldSet));
  const { epoch } = read('validator set', () => decodeValidatorSet(next));
  checkStep(held.epoch, epoch);
  if (epoch - held.epoch > SET_AGE) throw tooOld(held.epoch, epoch);
  const from = toHex(sha256Of(heldSet));
  const to = toHex(sha256Of(next));
  const { winners, dropped, statements } = weigh(
    responses,
    held,
    { ...pin, args: [PROVE_VALIDATORS, from, to] },
    (statement) =>
      isLinkStatement(statement, { channel: pin.channel, epoch, from, to }) ? { epoch } : null,
  );
  if (winners.length > 0) return next;
  if (statements === 0 && dropped.WRONG_QUESTION !== undefined) {
    throw new ProofError('LINK_OF_OTHER_SET', `expected a link away from ${from}`, { dropped });
  }
  throw notWon(dropped);
}

/**
 * A set that the vendor signed, the first or a later one.
 *
 * @param heldEpoch epoch of the set that is known, null for none
 * @returns the set, encoded
 * @throws {@link ProofError} `PROOF_MALFORMED`, `SET_NOT_SIGNED`, `SET_NOT_NEWER`
 */
export function openSignedSet(
  envelope: Uint8Array,
  trust: VendorTrust,
  heldEpoch: number | null,
): Uint8Array {
  let payload: Uint8Array;
  try {
    payload = openEnvelope('validators', envelope, trust);
  } catch (cause) {
    if (cause instanceof WireError) throw malformed('signed set', cause);
    if (!(cause instanceof CryptoError)) throw cause;
    throw new ProofError('SET_NOT_SIGNED', cause.message, { cause });
  }
  const { epoch } = read('validator set', () => decodeValidatorSet(payload));
  if (heldEpoch !== null) checkStep(heldEpoch, epoch);
  return payload;
}

interface Weighed<T> {
  /** What more than the threshold's part says. */
  readonly winners: readonly T[];
  readonly dropped: DroppedResponses;
  /** Responses that count. */
  readonly statements: number;
}

/** Groups right responses by equal statements and adds up the shares of distinct organisations. */
function weigh<T>(
  responses: readonly ProofResponse[],
  set: ValidatorSet,
  question: ProofQuestion,
  readStatement: (statement: Statement) => T | null,
): Weighed<T> {
  const groups = new Map<string, { readonly said: T; readonly by: Set<string> }>();
  const dropped: Partial<Record<ResponseFault, number>> = {};
  let statements = 0;
  for (const response of responses) {
    const judged = judgeResponse(response, set, question);
    const said = judged.fault === null ? readStatement(judged.statement) : null;
    if (judged.fault !== null || said === null) {
      const fault = judged.fault ?? 'WRONG_STATEMENT';
      dropped[fault] = (dropped[fault] ?? 0) + 1;
      continue;
    }
    statements += 1;
    const words = JSON.stringify([...judged.statement]);
    const group = groups.get(words) ?? { said, by: new Set() };
    group.by.add(judged.mspId);
    groups.set(words, group);
  }
  const shares = sharesOfOrganisations(set);
  const winners = [...groups.values()]
    .filter(({ by }) => decidesInSet(set, sum([...by].map((mspId) => shares.get(mspId) ?? 0))))
    .map(({ said }) => said);
  return { winners, dropped, statements };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** One winner, or several that differ in their time only: an organisation that signs twice could make two. */
function newestOf(
  winners: readonly ReleaseStatement[],
  dropped: DroppedResponses,
): ReleaseStatement {
  const [first, ...others] = [...winners].sort((left, right) => right.time - left.time);
  if (first === undefined) throw notWon(dropped);
  const words = (each: ReleaseStatement): string => JSON.stringify({ ...each, time: 0 });
  if (others.some((each) => words(each) !== words(first))) {
    throw new ProofError('PROOF_AMBIGUOUS', 'expected one statement to win, several do', {
      dropped,
    });
  }
  return first;
}

function moveOf(
  { epoch, validators }: ReleaseStatement,
  heldSet: Uint8Array,
  held: ValidatorSet,
): 'same' | 'later' {
  if (validators === toHex(sha256Of(heldSet))) return 'same';
  if (epoch <= held.epoch) {
    const message = `expected set ${held.epoch} or a later one, got another set ${epoch}`;
    throw new ProofError('PROOF_OF_OTHER_SET', message);
  }
  if (epoch - held.epoch > SET_AGE) throw tooOld(held.epoch, epoch);
  return 'later';
}

function checkStep(heldEpoch: number, epoch: number): void {
  if (epoch > heldEpoch) return;
  throw new ProofError('SET_NOT_NEWER', `expected a set after ${heldEpoch}, got ${epoch}`);
}

function tooOld(heldEpoch: number, epoch: number): ProofError {
  const message = `expected a set at most ${SET_AGE} behind ${epoch}, have ${heldEpoch}`;
  return new ProofError('SET_TOO_OLD', message);
}

function notWon(dropped: DroppedResponses): ProofError {
  const faults = Object.entries(dropped).map(([fault, count]) => `${count} ${fault}`);
  const why = faults.length === 0 ? '' : ` (dropped: ${faults.join(', ')})`;
  return new ProofError('PROOF_NOT_WON', `expected a majority of the known stake${why}`, {
    dropped,
  });
}

function malformed(name: string, cause: WireError): ProofError {
  return new ProofError('PROOF_MALFORMED', `${name}: ${cause.message}`, { cause });
}

function read<T>(name: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (cause instanceof WireError) throw malformed(name, cause);
    throw cause;
  }
}
