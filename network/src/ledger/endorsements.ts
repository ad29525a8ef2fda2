/**
 * Which of the peers' answers to submit. The SDK compares nothing: with differing answers it sends the first payload
 * under everyone's signatures, so grouping by payload is done here. Pure; a stake-weighted rule replaces `weigh` later.
 */
import type { EndorsementResponse } from 'fabric-common';

import { LedgerError } from './ledger-error.ts';
import { errorOfResponse } from './failures.ts';

/**
 * The largest group of equal answers, in the order they came.
 *
 * @throws LedgerError the contract's refusal, when more peers refused than agree; ENDORSEMENTS_DIFFER, when two groups
 *   are equally large
 */
export function agreeing(
  responses: readonly EndorsementResponse[],
  transactionId: string,
): readonly EndorsementResponse[] {
  const refusals = responses.filter(isRefusal);
  const groups = new Map<string, EndorsementResponse[]>();
  for (const response of responses.filter((one) => !isRefusal(one))) {
    const key = response.payload.toString('base64');
    groups.set(key, [...(groups.get(key) ?? []), response]);
  }
  const [largest, second] = [...groups.values()].sort((a, b) => b.length - a.length);
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
      `${responses.length} peers gave ${groups.size} different answers, no group of which is largest`,
      { transactionId },
    );
  }
  return largest;
}

function isRefusal(response: EndorsementResponse): boolean {
  return response.response.status >= 400 || response.endorsement === undefined;
}
