/** Topologies for tests of what is made of them. */
import { portNames, topologyOf, type Topology } from '../../../network/src/fabric/topology.ts';
import { ORGANISATIONS } from '../embedded/fabric-client.ts';

export { ORGANISATIONS };

/** Three vendors, an orderer for each and one of the city; ports from 7001 on. */
export function newTopology(orderers = 4): Topology {
  const options = {
    channel: 'city',
    host: '127.0.0.1',
    organisations: ORGANISATIONS,
    chaincodes: ['lamplighter'],
    orderers,
  };
  const ports = portNames(options).map((name, index) => [name, 7001 + index] as const);
  return topologyOf(options, Object.fromEntries(ports));
}
