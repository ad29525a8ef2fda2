/** Which nodes a network has, who runs them and where they are reached: all that configuration files are made of. Pure. */
import { isIP } from 'node:net';

import type { OrganisationDescription } from '../membership/description.ts';
import type { Ports } from '../membership/ports.ts';
import { FabricError } from './errors.ts';

interface Place {
  /** Full name, such as `peer0.northlight.example`: a name in its TLS certificate. */
  readonly name: string;
  readonly mspId: string;
  /** Of its organisation; the folder of its keys. */
  readonly domain: string;
  /** Address under which all others reach it, and that it listens on. */
  readonly host: string;
  readonly port: number;
}

export interface OrdererNode extends Place {
  readonly kind: 'orderer';
  /** For `osnadmin`, on the loopback address. */
  readonly adminPort: number;
  /** For health and metrics, on the loopback address. */
  readonly operationsPort: number;
}

export interface PeerNode extends Place {
  readonly kind: 'peer';
  /** Short name of its organisation. */
  readonly organisation: string;
  /** For chaincode that dials its peer, on the loopback address: none does here. */
  readonly chaincodePort: number;
  readonly operationsPort: number;
}

/** The server of one chaincode for the peer of one organisation. */
export interface ChaincodeNode extends Place {
  readonly kind: 'chaincode';
  /** Name of the chaincode. */
  readonly chaincode: string;
}

export type NetworkNode = OrdererNode | PeerNode | ChaincodeNode;

export interface Topology {
  readonly channel: string;
  /** In the order of their consenter ids, from 1. */
  readonly orderers: readonly OrdererNode[];
  readonly peers: readonly PeerNode[];
  readonly chaincodes: readonly ChaincodeNode[];
}

const PEER = 'peer0';
/** Runs the orderers that no vendor runs. */
const CITY = { mspId: 'CityOrdererMSP', domain: 'orderer.city.example' } as const;

interface OrdererSeat {
  readonly mspId: string;
  readonly domain: string;
  readonly node: string;
}

/** Each vendor runs an orderer, under an organisation apart from its peers'; the city runs what is left. */
export function ordererSeats(
  organisations: readonly OrganisationDescription[],
  count: number,
): readonly OrdererSeat[] {
  return Array.from({ length: count }, (_, index) => {
    const vendor = organisations[index];
    return vendor === undefined
      ? { ...CITY, node: `orderer${index - organisations.length}` }
      : {
          mspId: `${vendor.mspId.replace(/MSP$/, '')}OrdererMSP`,
          domain: `orderer.${vendor.domain}`,
          node: 'orderer0',
        };
  });
}

export interface TopologyOptions {
  readonly channel: string;
  readonly host: string;
  readonly organisations: readonly OrganisationDescription[];
  /** Names. */
  readonly chaincodes: readonly string[];
  readonly orderers: number;
}

function portOf(ports: Ports, name: string): number {
  const port = ports[name];
  if (port === undefined) throw new FabricError('NOT_FOUND', `expected a port for ${name}`);
  return port;
}

/** Names of the ports that a topology on one machine needs. */
export function portNames(options: TopologyOptions): readonly string[] {
  const { organisations, chaincodes, orderers } = options;
  return [
    ...ordererSeats(organisations, orderers).flatMap(({ node, domain }) =>
      ['', '/admin', '/operations'].map((use) => `${node}.${domain}${use}`),
    ),
    ...organisations.flatMap(({ domain }) => [
      ...['', '/chaincode', '/operations'].map((use) => `${PEER}.${domain}${use}`),
      ...chaincodes.map((chaincode) => `${chaincode}.${domain}`),
    ]),
  ];
}

/** All nodes on one machine. @throws {@link FabricError} NOT_FOUND when a port is missing */
export function topologyOf(options: TopologyOptions, ports: Ports): Topology {
  const { channel, host, organisations, chaincodes } = options;
  const seats = ordererSeats(organisations, options.orderers);
  return {
    channel,
    orderers: seats.map(({ mspId, domain, node }) => {
      const name = `${node}.${domain}`;
      return {
        kind: 'orderer',
        name,
        mspId,
        domain,
        host,
        port: portOf(ports, name),
        adminPort: portOf(ports, `${name}/admin`),
        operationsPort: portOf(ports, `${name}/operations`),
      };
    }),
    peers: organisations.map(({ name: organisation, mspId, domain }) => {
      const name = `${PEER}.${domain}`;
      return {
        kind: 'peer',
        name,
        organisation,
        mspId,
        domain,
        host,
        port: portOf(ports, name),
        chaincodePort: portOf(ports, `${name}/chaincode`),
        operationsPort: portOf(ports, `${name}/operations`),
      };
    }),
    chaincodes: organisations.flatMap(({ mspId, domain }) =>
      chaincodes.map((chaincode) => {
        const name = `${chaincode}.${domain}`;
        return {
          kind: 'chaincode',
          name,
          mspId,
          domain,
          host,
          port: portOf(ports, name),
          chaincode,
        };
      }),
    ),
  };
}

/** What a node listens on: a host name may be that of several interfaces, or not known to this machine. */
export function listenAddressOf({ host, port }: NetworkNode): string {
  return `${isIP(host) === 0 ? '0.0.0.0' : host}:${port}`;
}

export function addressOf({ host, port }: NetworkNode): string {
  return `${host}:${port}`;
}
