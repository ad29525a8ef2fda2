/** Opens the peers of all organisations, and makes their chains and the orderer's one before anybody is served. */
import {
  accessTo,
  blockPath,
  packagesPath,
  statePath,
  type Channel,
  type NetworkNode,
} from './channel.ts';
import type { Closers } from '../closers.ts';
import { EmbeddedError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { loggerOf } from '../network-logger.ts';
import type { CompleteOptions } from './options.ts';
import type { OrderingChain } from './orderer/chain.ts';
import type { ByzantineMode } from './byzantine-modes.ts';
import { definedPolicies } from './peer/definition-policy.ts';
import { Peer } from './peer/peer.ts';
import { newSigner } from '../membership/signer.ts';

/** One for each organisation, in the order of the options. */
export type Peers = readonly [Peer, ...Peer[]];

/** @throws {@link EmbeddedError} BLOCK_FILE_DAMAGED */
export async function openPeers(
  options: CompleteOptions,
  channel: Channel,
  closers: Closers,
): Promise<Peers> {
  const policyOf = definedPolicies(channel.policies);
  const access = accessTo(channel, '/Channel/Application', options.clock);
  const opened: Peer[] = [];
  for (const node of channel.peers) {
    const { material } = node;
    const peer = await Peer.open({
      name: material.name,
      channel: options.channel,
      path: await blockPath(options, node),
      statePath: await statePath(options, node),
      signer: newSigner(material.credentials),
      registry: channel.registry,
      access,
      policyOf,
      mspIds: channel.mspIds,
      packagesPath: packagesPath(options, node),
      provided: options.chaincodes,
      executionTimeoutMs: options.executionTimeoutMs,
      logger: loggerOf(options.logger, 'peer'),
      chaincodeLogger: loggerOf(options.logger, 'chaincode'),
      observer: options.observer,
      byzantine: lies(options, node),
    });
    closers.add(() => peer.close());
    opened.push(peer);
  }
  closers.add(() => settle(channel, opened));
  const [first, ...others] = opened;
  if (!first) {
    throw new EmbeddedError('OPTIONS_INVALID', '"organisations" expected at least one, got none');
  }
  return [first, ...others];
}

/** Says it aloud: nobody should come upon such a peer unawares. */
function lies(
  { byzantine, logger }: CompleteOptions,
  { organisation: { mspId }, material: { name } }: NetworkNode,
): ByzantineMode | undefined {
  const mode = byzantine[mspId];
  if (mode !== undefined) {
    loggerOf(logger, 'peer').warn({ peer: name, mode }, 'THIS PEER MISBEHAVES, as it was told to');
  }
  return mode;
}

/** Gives the orderer back what only peers still have, then lets every peer catch up. */
export async function catchUp({ chain }: Channel, peers: Peers): Promise<void> {
  const [longest] = [...peers].sort((left, right) => right.ledger.height - left.ledger.height);
  for (let number = chain.height; longest && number < longest.ledger.height; number++) {
    await chain.append((await longest.ledger.read(number)).block);
  }
  const target = chain.height;
  for (const peer of peers) {
    await assertSameChain(chain, peer);
    peer.follow(chain.feed());
  }
  await allReach(peers, target);
}

/** @throws {@link EmbeddedError} BLOCK_OUT_OF_CHAIN when the peer's blocks are not the orderer's. */
async function assertSameChain(chain: OrderingChain, { name, ledger }: Peer): Promise<void> {
  if (ledger.height === 0) {
    return;
  }
  const { hash } = await chain.read(ledger.height - 1);
  if (Buffer.compare(hash, ledger.info.currentHash) !== 0) {
    throw new EmbeddedError(
      'BLOCK_OUT_OF_CHAIN',
      `block ${ledger.height - 1} of ${name} is not the orderer's; restore both from the same copy, ` +
        `or delete the block file of ${name} and start again`,
    );
  }
}

async function allReach(peers: readonly Peer[], height: number): Promise<void> {
  for (const peer of peers) {
    while (peer.ledger.height < height) {
      if (peer.failure) {
        throw peer.failure;
      }
      await peer.ledger
        .reach(peer.ledger.height, AbortSignal.timeout(LIMITS.closeMs))
        .catch(() => undefined);
    }
  }
}

/** At the end: orders what waits and gives the peers a moment to commit it. They would catch up at the next start. */
async function settle({ chain }: Channel, peers: readonly Peer[]): Promise<void> {
  await chain.flush();
  const signal = AbortSignal.timeout(LIMITS.closeMs);
  const healthy = peers.filter(({ failure }) => !failure);
  const reached = healthy.map(({ ledger }) => ledger.reach(chain.height - 1, signal));
  await Promise.allSettled(reached);
}
