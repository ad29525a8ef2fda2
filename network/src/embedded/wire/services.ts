/**
 * The gRPC services that the network serves, with requests and answers as bytes: what a client signed must stay as it was sent,
 * and a block that is ready must not be serialised once for each stream.
 */
import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { discovery, gateway, orderer, peer } from '@hyperledger/fabric-protos';

import { plainView } from './fields.ts';

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @returns the same service with bytes in and bytes out. */
export function passThroughOf(service: ServiceDefinition): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => [
      name,
      {
        path: method.path,
        requestStream: method.requestStream,
        responseStream: method.responseStream,
        requestSerialize: toBuffer,
        requestDeserialize: plainView,
        responseSerialize: toBuffer,
        responseDeserialize: plainView,
      },
    ]),
  );
}

export const ENDORSER = passThroughOf(peer.EndorserService);
export const DELIVER = passThroughOf(peer.DeliverService);
export const DISCOVERY = passThroughOf(discovery.DiscoveryService);
export const GATEWAY = passThroughOf(gateway.GatewayService);
export const BROADCAST = passThroughOf(orderer.AtomicBroadcastService);

/** Services of a real peer that this network leaves out, with what to use instead. */
export const UNSERVED: readonly (readonly [ServiceDefinition, string])[] = [
  [
    peer.SnapshotService,
    'ledger snapshots are not served by the embedded network; stop it and copy its directory',
  ],
  [
    peer.ChaincodeSupportService,
    'the embedded network dials chaincode as a service; start the chaincode with fabric-chaincode-node server',
  ],
];

export interface Service {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}
