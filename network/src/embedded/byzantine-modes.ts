/** What a peer can be told to do wrong, for tests and demonstrations; see peer/byzantine.ts. */
export const BYZANTINE_MODES = ['equivocate', 'diverge', 'refuse', 'stale'] as const;
/**
 * - `equivocate`: signs two answers to one proposal. The first client that it hears of gets the honest one first and the other when
 *   it asks again; all other clients the other way round.
 * - `diverge`: signs another answer than the contracts give.
 * - `refuse`: endorses nothing.
 * - `stale`: answers from a state some blocks old.
 */
export type ByzantineMode = (typeof BYZANTINE_MODES)[number];
