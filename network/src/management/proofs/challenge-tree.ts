/** Many devices' challenges under one root (protocol §7.3), so that one call to the ledger answers all of them. Pure. */
import { leafHash, MerkleTree } from '@lamplighter/sdk/crypto';
import type { ChallengeStep } from '@lamplighter/sdk/wire';

/** See the module comment. */
export class ChallengeTree {
  readonly #tree: MerkleTree;

  /** @param challenges 32 bytes each, at least one */
  constructor(challenges: readonly Uint8Array[]) {
    this.#tree = new MerkleTree(challenges.map(leafHash));
  }

  /** What the ledger is asked with. */
  get root(): Uint8Array {
    return this.#tree.root;
  }

  /** The steps from a challenge to the root; none for one that is alone. */
  pathOf(index: number): readonly ChallengeStep[] {
    const sides = sidesOf(index, this.#tree.leaves.length);
    return this.#tree
      .path(index)
      .map((sibling, level) => ({ left: sides[level] ?? false, sibling }));
  }
}

/** For each level at which there is a sibling, whether it is on the left. */
function sidesOf(index: number, leaves: number): readonly boolean[] {
  const sides: boolean[] = [];
  for (let place = index, size = leaves; size > 1;) {
    const isLast = place === size - 1;
    if (place % 2 === 1) sides.push(true);
    // A node without a sibling goes up as it is.
    else if (!isLast) sides.push(false);
    place = Math.floor(place / 2);
    size = Math.ceil(size / 2);
  }
  return sides;
}
