/** `--byzantine ORG=MODE`: peers that misbehave, to see what stake is for. */
import { BYZANTINE_MODES, type ByzantineMode } from '../embedded/byzantine-modes.ts';
import { VENDORS } from './city/plan.ts';
import { OperatorError } from './errors.ts';

/** By MSP id. */
export type ByzantinePeers = Readonly<Record<string, ByzantineMode>>;

export const BYZANTINE_FLAG = '--byzantine <organisation=mode>';
export const BYZANTINE_HELP = `let an organisation's peer misbehave, for tests: ${BYZANTINE_MODES.join(', ')}; may be repeated`;

const WORDS: Readonly<Record<ByzantineMode, string>> = {
  equivocate: 'signs two answers to one proposal',
  diverge: 'signs another answer than the contracts give',
  refuse: 'endorses nothing',
  stale: 'answers from an old state',
};

/** For the command line's options that may be repeated. */
export function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

/**
 * @param values such as `helios=diverge`; the organisation by its name or its MSP id
 * @returns modes by MSP id
 * @throws {OperatorError} OPTION_INVALID
 */
export function byzantinePeers(values: readonly string[]): ByzantinePeers {
  const peers = new Map<string, ByzantineMode>();
  for (const value of values) {
    const [name = '', given = '', ...more] = value.split('=');
    const organisation = VENDORS.find(({ id, mspId }) => [id, mspId].includes(name));
    const mode = BYZANTINE_MODES.find((known) => known === given);
    if (!organisation || !mode || more.length > 0 || peers.has(organisation.mspId)) {
      throw new OperatorError(
        'OPTION_INVALID',
        `--byzantine takes each of ${VENDORS.map(({ id }) => id).join(', ')} once, with =${BYZANTINE_MODES.join(' or =')}, got ${JSON.stringify(value.slice(0, 80))}`,
      );
    }
    peers.set(organisation.mspId, mode);
  }
  return Object.fromEntries(peers);
}

/** The options that say it again. */
export function byzantineFlags(peers: ByzantinePeers): readonly string[] {
  return Object.entries(peers).flatMap(([mspId, mode]) => ['--byzantine', `${mspId}=${mode}`]);
}

/** What is said aloud at the start. */
export function byzantineLines(peers: ByzantinePeers): readonly string[] {
  return Object.entries(peers).map(
    ([mspId, mode]) =>
      `!!! THE PEER OF ${mspId} MISBEHAVES, as --byzantine says: it ${WORDS[mode]}`,
  );
}
