import { challengeRoot } from '@lamplighter/sdk/protocol';
import { sha256Of } from '@lamplighter/sdk/crypto';
import { ChallengeTree } from '../../../../network/src/management/proofs/challenge-tree.ts';

const challengeOf = (index: number): Uint8Array =>
  sha256Of(Uint8Array.of(index >> 8, index & 0xff));
const challenges = (count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, index) => challengeOf(index));

describe('challenge tree', () => {
  it('is one leaf for a challenge that is alone', () => {
    const tree = new ChallengeTree(challenges(1));
    expect(tree.pathOf(0)).toEqual([]);
    expect(tree.root).toEqual(sha256Of(Uint8Array.of(0), challengeOf(0)));
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 33, 100, 1000])(
    'leads each of %d challenges to the root',
    (count) => {
      const all = challenges(count);
      const tree = new ChallengeTree(all);
      for (const [index, challenge] of all.entries()) {
        expect(challengeRoot(challenge, tree.pathOf(index))).toEqual(tree.root);
      }
      expect(tree.pathOf(0).length).toBeLessThanOrEqual(Math.ceil(Math.log2(count)));
    },
  );

  it('leads no other challenge there', () => {
    const tree = new ChallengeTree(challenges(5));
    for (let index = 0; index < 5; index++) {
      expect(challengeRoot(challengeOf(9), tree.pathOf(index))).not.toEqual(tree.root);
    }
  });
});
