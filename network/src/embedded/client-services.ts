/** What peers offer to clients besides the endorser: discovery and the gateway. They know each other here, as gossip lets real ones. */
import { STAKE_TABLE_KEY } from '@lamplighter/chaincode/stake';

import { accessTo, type Channel, type NetworkNode } from './channel.ts';
import { discoveryService } from './discovery/service.ts';
import { LayoutFinder } from './discovery/layouts.ts';
import { CommitNotices } from './gateway/commit-notices.ts';
import { gatewayService } from './gateway/service.ts';
import type { OrdererEndpoint } from './gateway/submit.ts';
import { Targets } from './gateway/targets.ts';
import type { CompleteOptions } from './options.ts';
import { Broadcast } from './orderer/broadcast.ts';
import type { Peers } from './peers-at-start.ts';
import { DefinedChaincodes } from './peer/defined-chaincodes.ts';
import type { ChaincodeDefinition } from './peer/definitions.ts';
import type { Neighbour } from './peer/neighbour.ts';
import type { Peer } from './peer/peer.ts';
import type { Service } from './wire/services.ts';

function newNeighbour(peer: Peer, address: string): Neighbour {
  const defined = new DefinedChaincodes(peer.ledger);
  // A package that is there stays there, so that only the others are asked for again.
  const runnable = new WeakSet<ChaincodeDefinition>();
  const canRun = async (definition: ChaincodeDefinition): Promise<boolean> => {
    if (!runnable.has(definition) && (await peer.runs(definition.name))) {
      runnable.add(definition);
    }
    return runnable.has(definition);
  };
  peer.onCommit((block) => {
    defined.committed(block);
  });
  return {
    name: peer.name,
    mspId: peer.signer.mspId,
    address,
    identity: peer.signer.identity,
    sign: (message) => peer.signer.sign(message),
    get height() {
      return peer.ledger.height;
    },
    reach: (number, signal) => peer.ledger.reach(number, signal),
    get alive() {
      return peer.failure === undefined;
    },
    process: (message) => peer.process(message),
    definitions: () => defined.all(),
    stakeTable: async (chaincode) => {
      const view = peer.ledger.view();
      try {
        return (await view.get(chaincode, STAKE_TABLE_KEY))?.value ?? null;
      } finally {
        view.release();
      }
    },
    chaincodes: async () => {
      const all = [...(await defined.all())];
      const runs = await Promise.all(all.map(([, definition]) => canRun(definition)));
      return new Map(all.filter((_, index) => runs[index]));
    },
  };
}

function addressOf({ host }: CompleteOptions, { port }: NetworkNode): string {
  return `${host}:${port}`;
}

function ordererEndpoint(
  options: CompleteOptions,
  channel: Channel,
  closing: AbortSignal,
): OrdererEndpoint {
  const access = accessTo(channel, '/Channel', options.clock);
  const broadcast = new Broadcast({ ...options, access, chain: channel.chain, closing });
  return {
    address: addressOf(options, channel.orderer),
    mspId: channel.orderer.organisation.mspId,
    broadcast: (envelope) => broadcast.judge(envelope),
  };
}

/** @returns the services of each peer, in the order of the peers. */
export function clientServices(
  options: CompleteOptions,
  channel: Channel,
  peers: Peers,
  closing: AbortSignal,
): readonly (readonly Service[])[] {
  const neighbours = peers.map((peer, index) =>
    newNeighbour(peer, addressOf(options, channel.peers[index] ?? channel.orderer)),
  );
  const finder = new LayoutFinder(options.channel, channel.view, channel.mspIds);
  const orderer = ordererEndpoint(options, channel, closing);
  const access = accessTo(channel, '/Channel/Application', options.clock);
  return neighbours.map((own, index) => {
    const peer = peers[index] ?? peers[0];
    const notices = new CommitNotices(peer.ledger);
    peer.onCommit((block, flags) => {
      notices.committed(block, flags);
    });
    const shared = { ...options, access, closing, ledger: peer.ledger };
    const targets = new Targets({ channel: options.channel, own, neighbours, finder });
    return [
      gatewayService({ ...shared, notices, targets, orderer }),
      discoveryService({ ...shared, own, neighbours, finder, view: channel.view }),
    ];
  });
}
