/** Turns what peers, orderers and the SDK fail with into {@link LedgerError}s with stable codes. Pure. */
import { contractCodeOf, LedgerError } from './ledger-error.ts';
import type { ProposalAnswer } from './proposal-answer.ts';

/** A refusal by a contract or a peer: an answer with a status of 400 or more. */
export function errorOfResponse(response: ProposalAnswer, transactionId: string): LedgerError {
  const { status, message } = response.response;
  const code = contractCodeOf(message) ?? 'CONTRACT_FAILED';
  return new LedgerError(code, `${response.connection.name} answered ${status}: ${message}`, {
    transactionId,
  });
}

/** No answer at all: the transport failed at every peer that was asked. */
export function errorOfTransport(errors: readonly Error[], transactionId: string): LedgerError {
  const texts = errors.map((error) => error.message).join('; ');
  const timedOut =
    errors.length > 0 && errors.every((error) => /TIMEOUT|DEADLINE_EXCEEDED/.test(error.message));
  return new LedgerError(
    timedOut ? 'TIMEOUT' : 'UNAVAILABLE',
    `no peer answered: ${texts === '' ? 'none is connected' : texts}`,
    { transactionId, cause: errors[0] },
  );
}

/** One orderer's answer to a broadcast: a status, or why there is none. */
export type BroadcastOutcome =
  | { readonly kind: 'status'; readonly status: string; readonly info: string }
  | { readonly kind: 'error'; readonly error: Error };

/** Statuses by which an orderer says that it will not have the envelope; any other leaves it open. */
const REFUSALS: readonly string[] = [
  'BAD_REQUEST',
  'FORBIDDEN',
  'NOT_FOUND',
  'REQUEST_ENTITY_TOO_LARGE',
];

/** Whether an orderer says that it took the envelope. */
export function isTaken(outcome: BroadcastOutcome): boolean {
  return outcome.kind === 'status' && outcome.status === 'SUCCESS';
}

/** BFT orderers refuse so what reached them before, from the client or from one another. */
function isKnown(outcome: BroadcastOutcome): boolean {
  return outcome.kind === 'status' && /already/i.test(outcome.info);
}

/**
 * What the orderers' answers mean together.
 *
 * @returns undefined when the transaction is, or may well be, on its way: one orderer took it, or says it has it already. With
 *   `maybeOrdered` nothing is known but by the commit status: an envelope may have left before a connection broke, and one that an
 *   orderer can not take now may be with another
 */
export function broadcastFailure(
  outcomes: readonly BroadcastOutcome[],
  transactionId: string,
): LedgerError | undefined {
  if (outcomes.some((outcome) => isTaken(outcome) || isKnown(outcome))) return undefined;
  const texts = outcomes.map(textOf).join('; ');
  const refusals = outcomes.filter(isRefusal);
  const maybeOrdered = refusals.length === 0 || refusals.length < outcomes.length;
  if (refusals.length > 0) {
    const text = `the orderer answered ${texts}`;
    return new LedgerError('ORDERER_REFUSED', text, { transactionId, maybeOrdered });
  }
  const errors = outcomes.flatMap((outcome) => (outcome.kind === 'error' ? [outcome.error] : []));
  const text =
    errors.length === outcomes.length
      ? `no orderer answered: ${texts === '' ? 'the profile has none' : texts}`
      : `the orderer answered ${texts}`;
  return new LedgerError('UNAVAILABLE', text, { transactionId, maybeOrdered, cause: errors[0] });
}

function isRefusal(outcome: BroadcastOutcome): boolean {
  return outcome.kind === 'status' && REFUSALS.includes(outcome.status);
}

function textOf(outcome: BroadcastOutcome): string {
  return outcome.kind === 'error' ? outcome.error.message : `${outcome.status}: ${outcome.info}`;
}
