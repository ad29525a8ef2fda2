/**
 * Weighs peers' answers by the stake behind them. An envelope holds one payload, so answers are grouped by its bytes; while
 * no peer answers twice, at most one group passes, since the threshold is half of the shares or more. Pure.
 */
import type { ProposalAnswer } from '../proposal-answer.ts';
import type { StakePolicy } from './stake-policy.ts';

/** A peer's answer and who the peer is by the profile. */
export interface PeerAnswer {
  readonly mspId: string;
  readonly answer: ProposalAnswer;
}

export type Weighed =
  /** A group passes: these are to be submitted. */
  | { readonly kind: 'endorsed'; readonly answers: readonly PeerAnswer[] }
  /** Those that refuse hold so much that nothing could pass against them. */
  | { readonly kind: 'refused'; readonly refusal: ProposalAnswer }
  | {
      readonly kind: 'lacking';
      /** The group with most organisations that hold the threshold, if there is one: it lacks the validator only. */
      readonly withoutValidator: readonly PeerAnswer[] | undefined;
      readonly groups: number;
      readonly refusal: ProposalAnswer | undefined;
    };

export function weighAnswers(
  policy: StakePolicy,
  transaction: string,
  answers: readonly PeerAnswer[],
): Weighed {
  const refusals = answers.filter(({ answer }) => isRefusal(answer));
  const groups = groupsOf(answers.filter(({ answer }) => !isRefusal(answer)));
  const endorsed = groups.find((group) => policy.judge(transaction, mspIdsOf(group)) === 'VALID');
  if (endorsed !== undefined) return { kind: 'endorsed', answers: endorsed };
  const refusal = refusals[0]?.answer;
  if (refusal !== undefined && policy.passes(mspIdsOf(refusals))) {
    return { kind: 'refused', refusal };
  }
  const withoutValidator = groups.find((group) => policy.passes(mspIdsOf(group)));
  return { kind: 'lacking', withoutValidator, groups: groups.length, refusal };
}

export function mspIdsOf(members: readonly { readonly mspId: string }[]): readonly string[] {
  return members.map(({ mspId }) => mspId);
}

/** Answers with the same payload, byte for byte, in the order they came. */
export function groupsOf(answers: readonly PeerAnswer[]): readonly (readonly PeerAnswer[])[] {
  const groups: PeerAnswer[][] = [];
  for (const one of answers) {
    const group = groups.find(
      ([first]) => first && Buffer.compare(first.answer.payload, one.answer.payload) === 0,
    );
    if (group) group.push(one);
    else groups.push([one]);
  }
  return groups;
}

export function isRefusal({ response, endorsement }: ProposalAnswer): boolean {
  return response.status >= 400 || endorsement === undefined;
}
