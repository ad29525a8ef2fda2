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

/**
 * What the orderers' answers mean together.
 *
 * @returns undefined when the transaction is, or may well be, on its way: one orderer took it, or says it has it
 *   already (BFT orderers do so to all but the first of several broadcasts)
 */
export function broadcastFailure(
  outcomes: readonly BroadcastOutcome[],
  transactionId: string,
): LedgerError | undefined {
  const statuses = outcomes.filter((outcome) => outcome.kind === 'status');
  const taken = statuses.some(({ status, info }) => status === 'SUCCESS' || /already/i.test(info));
  if (taken) return undefined;
  const [refusal] = statuses;
  if (refusal !== undefined) {
    const { status, info } = refusal;
    return new LedgerError(
      status === 'SERVICE_UNAVAILABLE' ? 'UNAVAILABLE' : 'ORDERER_REFUSED',
      `the orderer answered ${status}: ${info}`,
      { transactionId, maybeOrdered: status === 'SERVICE_UNAVAILABLE' },
    );
  }
  const errors = outcomes.filter((outcome) => outcome.kind === 'error').map(({ error }) => error);
  // The message may have left before the connection broke.
  return new LedgerError(
    'UNAVAILABLE',
    `no orderer answered: ${errors.map((error) => error.message).join('; ')}`,
    { transactionId, maybeOrdered: true, cause: errors[0] },
  );
}
