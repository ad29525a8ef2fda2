/** Inventories for tests. */
import { ORGANISATIONS } from './topologies.ts';

export type Json = Record<string, unknown>;

/**
 * Three vendors with an orderer each on hosts of their own, and the city's orderer on a fourth, at 10.77.x.1 to 10.77.x.4.
 *
 * @param net - third number of the addresses
 */
export function newInventory(net = 0): Json {
  const at = (index: number, port: number): string => `10.77.${net}.${index + 1}:${port}`;
  return {
    format: 'lamplighter.inventory.v1',
    channel: 'city',
    chaincode: { name: 'features', version: '1.0', sequence: 1 },
    validation: 'coalitions',
    organisations: ORGANISATIONS.map(({ name, mspId, domain }, index) => ({
      name,
      mspId,
      domain,
      peer: { host: name, address: at(index, 7051) },
      chaincode: { host: name, address: at(index, 7052) },
    })),
    orderers: [
      ...ORGANISATIONS.map(({ name, mspId, domain }, index) => ({
        mspId: mspId.replace('MSP', 'OrdererMSP'),
        domain: `orderer.${domain}`,
        host: name,
        address: at(index, 7050),
      })),
      {
        mspId: 'CityOrdererMSP',
        domain: 'orderer.city.example',
        host: 'city',
        address: at(ORGANISATIONS.length, 7050),
      },
    ],
  };
}
