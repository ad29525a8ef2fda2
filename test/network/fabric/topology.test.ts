import {
  addressOf,
  ordererSeats,
  portNames,
  topologyOf,
} from '../../../network/src/fabric/topology.ts';
import { coded } from '../coded.ts';
import { newTopology, ORGANISATIONS } from './topologies.ts';

describe('ordererSeats', () => {
  it('gives each vendor an orderer of its own organisation, and the rest to the city', () => {
    expect(ordererSeats(ORGANISATIONS, 5)).toEqual([
      { mspId: 'NorthlightOrdererMSP', domain: 'orderer.northlight.example', node: 'orderer0' },
      { mspId: 'HeliosOrdererMSP', domain: 'orderer.helios.example', node: 'orderer0' },
      { mspId: 'MeridianOrdererMSP', domain: 'orderer.meridian.example', node: 'orderer0' },
      { mspId: 'CityOrdererMSP', domain: 'orderer.city.example', node: 'orderer0' },
      { mspId: 'CityOrdererMSP', domain: 'orderer.city.example', node: 'orderer1' },
    ]);
  });

  it('leaves vendors without one when there are fewer', () => {
    expect(ordererSeats(ORGANISATIONS, 2).map(({ mspId }) => mspId)).toEqual([
      'NorthlightOrdererMSP',
      'HeliosOrdererMSP',
    ]);
  });
});

describe('topologyOf', () => {
  it('names every node once, each on ports of its own', () => {
    const { orderers, peers, chaincodes } = newTopology();
    const nodes = [...orderers, ...peers, ...chaincodes];
    expect(nodes.map(({ name }) => name)).toEqual([
      'orderer0.orderer.northlight.example',
      'orderer0.orderer.helios.example',
      'orderer0.orderer.meridian.example',
      'orderer0.orderer.city.example',
      'peer0.northlight.example',
      'peer0.helios.example',
      'peer0.meridian.example',
      'lamplighter.northlight.example',
      'lamplighter.helios.example',
      'lamplighter.meridian.example',
    ]);
    const ports = [
      ...orderers.flatMap((node) => [node.port, node.adminPort, node.operationsPort]),
      ...peers.flatMap((node) => [node.port, node.chaincodePort, node.operationsPort]),
      ...chaincodes.map(({ port }) => port),
    ];
    expect(new Set(ports).size).toBe(24);
    expect(addressOf(orderers[0]!)).toBe(`127.0.0.1:${orderers[0]!.port}`);
  });

  it('refuses to do without a port', () => {
    const options = {
      channel: 'city',
      host: '127.0.0.1',
      organisations: ORGANISATIONS,
      chaincodes: ['lamplighter'],
      orderers: 1,
    };
    const [, ...names] = portNames(options);
    const ports = Object.fromEntries(names.map((name, index) => [name, 7001 + index]));
    expect(() => topologyOf(options, ports)).toThrow(coded('NOT_FOUND'));
  });
});
