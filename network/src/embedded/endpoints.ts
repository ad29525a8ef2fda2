/** Puts every node behind its TLS endpoint. */
import { setMaxListeners } from 'node:events';

import type { Closers } from '../closers.ts';
import { accessTo, type Channel, type NetworkNode } from './channel.ts';
import { clientServices } from './client-services.ts';
import { EmbeddedError } from './errors.ts';
import { loggerOf } from '../network-logger.ts';
import { UNWATCHED } from './observer.ts';
import type { CompleteOptions } from './options.ts';
import { ordererServices } from './orderer/orderer.ts';
import type { Peers } from './peers-at-start.ts';
import { listen } from './wire/endpoint.ts';
import { observedService } from './wire/observed.ts';
import type { Service } from './wire/services.ts';
import { unservedServices } from './wire/unserved.ts';

/** @throws {@link EmbeddedError} PORT_TAKEN */
export async function listenAll(
  options: CompleteOptions,
  channel: Channel,
  peers: Peers,
  closers: Closers,
): Promise<void> {
  const closing = new AbortController();
  // One listener a stream; their number has a bound of its own.
  setMaxListeners(0, closing.signal);
  const client = clientServices(options, channel, peers, closing.signal);
  const nodes: readonly (readonly [NetworkNode, readonly Service[]])[] = [
    [
      channel.orderer,
      ordererServices({
        channel: options.channel,
        access: accessTo(channel, '/Channel', options.clock),
        chain: channel.chain,
        closing: closing.signal,
        logger: loggerOf(options.logger, 'orderer'),
        observer: options.observer,
      }),
    ],
    ...peers.map((peer, index): [NetworkNode, readonly Service[]] => [
      channel.peers[index] ?? channel.orderer,
      [...peer.services(closing.signal), ...(client[index] ?? [])],
    ]),
  ];
  for (const [{ material, port }, services] of nodes) {
    const endpoint = await listen({
      name: material.name,
      host: options.host,
      port,
      tls: material.tls,
      services: [...watched(services, material.name, options), ...unservedServices()],
    });
    closers.add(() => endpoint.close());
  }
  closers.add(() => {
    closing.abort(new EmbeddedError('CLOSED', 'the network is closing'));
    return Promise.resolve();
  });
}

/** A network that nobody watches pays nothing for it. */
function watched(
  services: readonly Service[],
  node: string,
  { observer }: CompleteOptions,
): readonly Service[] {
  return observer === UNWATCHED
    ? services
    : services.map((service) => observedService(service, node, observer));
}
