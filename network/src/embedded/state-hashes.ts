/** Compares the peers of a network by the hashes of their states. */
import { EmbeddedError } from './errors.ts';
import { stateHashOf, type StateHash } from './ledger/state-hash.ts';
import type { StateView } from './ledger/state.ts';
import { LIMITS } from './limits.ts';
import type { Peer } from './peer/peer.ts';

/**
 * Takes the hashes of all peers at one height. A peer that has stopped is taken as it stands.
 *
 * @returns by MSP id.
 * @throws {@link EmbeddedError} BUSY when the peers do not come to one height.
 */
export async function stateHashesOf(
  peers: readonly Peer[],
): Promise<ReadonlyMap<string, StateHash>> {
  const views = await viewsOfOneHeight(peers);
  try {
    const hashes = new Map<string, StateHash>();
    for (const [index, { signer }] of peers.entries()) {
      const view = views[index];
      if (view) {
        hashes.set(signer.mspId, await stateHashOf(view));
      }
    }
    return hashes;
  } finally {
    views.forEach((view) => {
      view.release();
    });
  }
}

async function viewsOfOneHeight(peers: readonly Peer[]): Promise<readonly StateView[]> {
  const signal = AbortSignal.timeout(LIMITS.alignMs);
  const running = peers.filter(({ failure }) => !failure);
  while (!signal.aborted) {
    const views = peers.map(({ ledger }) => ledger.view());
    const heights = views.filter((_, index) => !peers[index]?.failure).map(({ height }) => height);
    const highest = Math.max(...heights);
    if (heights.every((height) => height === highest)) {
      return views;
    }
    views.forEach((view) => {
      view.release();
    });
    await Promise.allSettled(running.map(({ ledger }) => ledger.reach(highest - 1, signal)));
  }
  throw new EmbeddedError(
    'BUSY',
    `expected all peers at one height within ${LIMITS.alignMs} ms; try again when fewer blocks come in`,
  );
}
