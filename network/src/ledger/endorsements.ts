/**
 * Which of the peers' answers to submit. The SDK compares nothing: with differing answers it sends the first payload
 * under everyone's signatures, so grouping by payload is done here. Pure; a stake-weighted rule replaces `weigh` later.
 */
import { errorOfResponse } from './failures.ts';
import { LedgerError } from './ledger-error.ts';
import type { ProposalAnswer } from './proposal-answer.ts';

/**
 * The largest group of equal answers, in the order they came.
 *
 * @throws LedgerError the contract's refusal, when more peers refused than agree; ENDORSEMENTS_DIFFER, when two groups
 *   are equally large
 */
export function agreeing(
  responses: readonly ProposalAnswer[],
  transactionId: string,
): readonly ProposalAnswer[] {
  const refusals = responses.filter(isRefusal);
  const groups = groupsOf(responses.filter((one) => !isRefusal(one)));
  const [largest, second] = [...groups].sort((a, b) => b.length - a.length);
  const [refusal] = refusals;
  if (refusal !== undefined && refusals.length >= (largest?.length ?? 0)) {
    throw errorOfResponse(refusal, transactionId);
  }
  if (largest === undefined) {
    throw new LedgerError('UNAVAILABLE', 'no peer endorsed', { transactionId });
  }
  if (second?.length === largest.length) {
    throw new LedgerError(
      'ENDORSEMENTS_DIFFER',
      `${responses.length} peers gave ${groups.length} different answers, no group of which is largest`,
      { transactionId },
    );
  }
  return largest;
}

function groupsOf(answers: readonly ProposalAnswer[]): ProposalAnswer[][] {
  const groups: ProposalAnswer[][] = [];
  for (const answer of answers) {
    const group = groups.find(
      ([first]) => first && Buffer.compare(first.payload, answer.payload) === 0,
    );
    if (group) group.push(answer);
    else groups.push([answer]);
  }
  return groups;
}

function isRefusal(response: ProposalAnswer): boolean {
  return response.response.status >= 400 || response.endorsement === undefined;
}
