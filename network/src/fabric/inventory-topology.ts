/** The topology that an inventory describes, and the part of it that one host runs. Pure. */
import type { Ports } from '../membership/ports.ts';
import type { Inventory, OrdererEntry, Seat } from './inventory.ts';
import type { NetworkNode, Topology } from './topology.ts';

/** On the loopback address of the host that runs it: others need not know. */
const ELSEWHERE = 0;

function loopbackNames({ kind, name }: NetworkNode): readonly string[] {
  if (kind === 'chaincode') return [];
  return kind === 'orderer'
    ? [`${name}/admin`, `${name}/operations`]
    : [`${name}/chaincode`, `${name}/operations`];
}

/** Names of the ports that nodes need besides those of the inventory. */
export function loopbackPortNames({
  orderers,
  peers,
}: Omit<Topology, 'channel'>): readonly string[] {
  return [...orderers, ...peers].flatMap(loopbackNames);
}

function placeOf({ address, port }: Seat): { readonly host: string; readonly port: number } {
  return { host: address, port };
}

/** Orderers of one organisation are counted from 0. */
function ordererName(orderers: readonly OrdererEntry[], index: number): string {
  const { domain = '' } = orderers[index] ?? {};
  const before = orderers.slice(0, index).filter((each) => each.domain === domain);
  return `orderer${before.length}.${domain}`;
}

/** @param ports - on loopback addresses, as far as they are needed here */
export function inventoryTopology(inventory: Inventory, ports: Ports): Topology {
  const { channel, chaincode, organisations, orderers } = inventory;
  const portOf = (name: string): number => ports[name] ?? ELSEWHERE;
  return {
    channel,
    orderers: orderers.map((entry, index) => {
      const name = ordererName(orderers, index);
      return {
        kind: 'orderer',
        name,
        mspId: entry.mspId,
        domain: entry.domain,
        ...placeOf(entry),
        adminPort: portOf(`${name}/admin`),
        operationsPort: portOf(`${name}/operations`),
      };
    }),
    peers: organisations.map(({ name: organisation, mspId, domain, peer }) => {
      const name = `peer0.${domain}`;
      return {
        kind: 'peer',
        name,
        organisation,
        mspId,
        domain,
        ...placeOf(peer),
        chaincodePort: portOf(`${name}/chaincode`),
        operationsPort: portOf(`${name}/operations`),
      };
    }),
    chaincodes: organisations.map(({ mspId, domain, chaincode: seat }) => ({
      kind: 'chaincode',
      name: `${chaincode.name}.${domain}`,
      mspId,
      domain,
      ...placeOf(seat),
      chaincode: chaincode.name,
    })),
  };
}

/** What one host runs of it. */
export function partOf(
  inventory: Inventory,
  { orderers, peers, chaincodes }: Topology,
  host: string,
): Omit<Topology, 'channel'> {
  const { organisations } = inventory;
  return {
    orderers: orderers.filter((_, index) => inventory.orderers[index]?.host === host),
    peers: peers.filter((_, index) => organisations[index]?.peer.host === host),
    chaincodes: chaincodes.filter((_, index) => organisations[index]?.chaincode.host === host),
  };
}
