/** Who can decide together and no smaller: the rule of stake as sets of organisations (design §5, "Who enforces it"). */
import { decide, voicesOf } from './rule.ts';
import type { StakeTable } from './table.ts';

/**
 * The smallest sets that decide, `most` of them at most.
 *
 * @param first - who is in every set
 * @param others - the heaviest first: whoever comes last into a set that decides can then not be spared, and so nobody can
 * @param decides - must hold for a set if it holds for a part of it
 */
export function smallestSets(
  first: readonly string[],
  others: readonly string[],
  decides: (chosen: readonly string[]) => boolean,
  most: number,
): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [];
  const grow = (chosen: readonly string[], left: readonly string[]): void => {
    if (found.length >= most || !decides([...chosen, ...left])) return;
    const [next = '', ...rest] = left;
    if (decides(chosen)) {
      found.push(chosen);
    } else {
      grow([...chosen, next], rest);
      grow(chosen, rest);
    }
  };
  grow(first, others);
  return found;
}

/** Those of the named organisations whose endorsement has any weight, the largest holder first. */
export function heaviestFirst(table: StakeTable, mspIds: ReadonlySet<string>): readonly string[] {
  return [...voicesOf(table, mspIds)]
    .sort((left, right) => Number(right.shares - left.shares))
    .map(({ mspId }) => mspId);
}

/**
 * The smallest sets of organisations that decide, whoever is the validator: what is left of the rule where peers know nothing of
 * validators.
 *
 * @param most - sets asked for
 * @returns MSP ids, the largest holder of each set first
 */
export function coalitions(table: StakeTable, most: number): readonly (readonly string[])[] {
  const everybody = new Set(table.organisations.map(({ mspId }) => mspId));
  const decides = (chosen: readonly string[]): boolean =>
    decide(table, voicesOf(table, new Set(chosen)));
  return smallestSets([], heaviestFirst(table, everybody), decides, most);
}
