/**
 * How stake comes to decide on a network of Fabric's own programs: by the plugin in every peer, or by coalitions that stock peers know.
 * Which of them is the channel's to say; the network's folder remembers it, since peers without a plugin that the channel wants stop
 * without a word.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../atomic-file.ts';
import { appliedLines, type StakeApplied } from '../../fabric/index.ts';
import { OperatorError } from '../errors.ts';
import type { StakeRule } from './engine.ts';
import { nameOf } from './plan.ts';

export type RuleKind = StakeApplied['kind'];

const FILE = 'stake-rule.json';
const READABLE = 0o644;

export interface FabricRuleOptions {
  /** Of the network. */
  readonly folder: string;
  /** Until the channel has said it. */
  readonly kind: RuleKind;
  /** Brings the channel to its stake table. */
  readonly apply: () => Promise<StakeApplied>;
}

export class FabricRule implements StakeRule {
  readonly #options: FabricRuleOptions;
  #kind: RuleKind;
  #coalitions = 'coalitions that hold more than half of all';

  constructor(options: FabricRuleOptions) {
    this.#options = options;
    this.#kind = options.kind;
  }

  get words(): string {
    return this.#kind === 'plugin'
      ? 'more than half of all decide, the validator among them'
      : `stock peers: ${this.#coalitions} decide, no validator is asked for`;
  }

  get needsValidator(): boolean {
    return this.#kind === 'plugin';
  }

  /** @throws {@link OperatorError} OPTION_INVALID when the channel has come to want the plugin, and the peers run without it */
  async apply(): Promise<readonly string[]> {
    const { folder, kind, apply } = this.#options;
    const applied = await apply();
    this.#kind = applied.kind;
    this.#coalitions = coalitionWords(applied.policy);
    await writeFileAtomic(join(folder, FILE), JSON.stringify({ kind: applied.kind }), READABLE);
    requirePlugin(folder, kind);
    const unasked = 'the plugin is loaded and not asked: the chaincode definition does not name it';
    return [
      ...appliedLines(applied),
      ...(kind === 'plugin' && applied.kind === 'coalitions' ? [unasked] : []),
    ];
  }
}

/**
 * @param folder of the network
 * @throws {@link OperatorError} OPTION_INVALID when its channel wants the plugin, and the peers are to start without it
 */
export function requirePlugin(folder: string, kind: RuleKind): void {
  if (kind === 'plugin' || kindOf(folder) !== 'plugin') return;
  throw new OperatorError(
    'OPTION_INVALID',
    `the channel in ${folder} is held to stake by the plugin, and peers without it would stop: start it with --plugin FILE; ` +
      'docs/consortium.md says how its members change that',
  );
}

function kindOf(folder: string): unknown {
  try {
    const { kind } = JSON.parse(readFileSync(join(folder, FILE), 'utf8')) as { kind?: unknown };
    return kind;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
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
