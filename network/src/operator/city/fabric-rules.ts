/** How stake comes to decide on a network of Fabric's own programs: by the plugin in every peer, or by coalitions that stock peers know. */
import { appliedLines, type StakeApplied } from '../../fabric/index.ts';
import type { StakeRule } from './engine.ts';
import { nameOf } from './plan.ts';

/** Brings the channel to its stake table. */
type Apply = () => Promise<StakeApplied>;

/** The plugin reads the table with each block; who may replace the contracts the channel has to be told. */
export class PluginRule implements StakeRule {
  readonly words = 'more than half of all decide, the validator among them';
  readonly needsValidator = true;
  readonly #apply: Apply;

  constructor(apply: Apply) {
    this.#apply = apply;
  }

  async apply(): Promise<readonly string[]> {
    return appliedLines(await this.#apply());
  }
}

/** Stock peers know of stake what the channel was told. */
export class CoalitionRule implements StakeRule {
  readonly needsValidator = false;
  readonly #apply: Apply;
  #words = 'coalitions that hold more than half of all decide, no validator is asked for';

  constructor(apply: Apply) {
    this.#apply = apply;
  }

  get words(): string {
    return this.#words;
  }

  async apply(): Promise<readonly string[]> {
    const applied = await this.#apply();
    this.#words = `stock peers: ${coalitionWords(applied.policy)} decide, no validator is asked for`;
    return appliedLines(applied);
  }
}

/** @param policy as `--signature-policy` takes it: OR of ANDs */
export function coalitionWords(policy: string): string {
  return [...policy.matchAll(/AND\(([^)]*)\)/g)]
    .map(([, members = '']) =>
      [...members.matchAll(/'([^']*)\.peer'/g)].map(([, mspId = '']) => nameOf(mspId)).join(' + '),
    )
    .join(', or ');
}
