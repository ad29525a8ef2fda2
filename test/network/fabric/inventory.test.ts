import { hostsOf, readInventory } from '../../../network/src/fabric/inventory.ts';
import {
  inventoryTopology,
  loopbackPortNames,
  partOf,
} from '../../../network/src/fabric/inventory-topology.ts';
import { codeOf } from '../code-of.ts';
import { newInventory, type Json } from './inventories.ts';

/** Changes an entry of a fresh inventory by its path, such as `orderers.0.address`; undefined takes it away. */
function changed(path: string, value: unknown): Json {
  const inventory = structuredClone(newInventory());
  const names = path.split('.');
  const last = names.pop()!;
  const holder = names.reduce<Json>((object, name) => object[name] as Json, inventory);
  if (value === undefined) Reflect.deleteProperty(holder, last);
  else holder[last] = value;
  return inventory;
}

const read = (inventory: unknown) => readInventory(JSON.stringify(inventory));

describe('readInventory', () => {
  it('reads who runs what, where', () => {
    const inventory = read(newInventory());
    expect(inventory).toMatchObject({
      channel: 'city',
      chaincode: { name: 'features', version: '1.0', sequence: 1 },
      validation: 'coalitions',
    });
    expect(inventory.organisations[1]).toEqual({
      name: 'helios',
      mspId: 'HeliosMSP',
      domain: 'helios.example',
      peer: { host: 'helios', address: '10.77.0.2', port: 7051 },
      chaincode: { host: 'helios', address: '10.77.0.2', port: 7052 },
    });
    expect(inventory.orderers[3]).toEqual({
      mspId: 'CityOrdererMSP',
      domain: 'orderer.city.example',
      host: 'city',
      address: '10.77.0.4',
      port: 7050,
    });
    expect([...hostsOf(inventory)].sort()).toEqual(['city', 'helios', 'meridian', 'northlight']);
  });

  it.each([
    ['a text that is no JSON', 'x', 'INVENTORY_MALFORMED'],
    ['nothing', '', 'INVENTORY_MALFORMED'],
    ['null', 'null', 'INVENTORY_MALFORMED'],
    ['a list', '[]', 'INVENTORY_MALFORMED'],
  ])('refuses %s', async (_, text, code) => {
    expect(await codeOf(() => readInventory(text))).toBe(code);
  });

  it.each([
    ['format', 'lamplighter.inventory.v2', 'INVENTORY_MALFORMED'],
    ['format', undefined, 'INVENTORY_MALFORMED'],
    ['more', 1, 'INVENTORY_MALFORMED'],
    ['validation', 'trust', 'INVENTORY_MALFORMED'],
    ['organisations', {}, 'INVENTORY_MALFORMED'],
    ['organisations.0', 'northlight', 'INVENTORY_MALFORMED'],
    ['organisations.0.peer', undefined, 'INVENTORY_MALFORMED'],
    ['organisations.0.peer.port', 7051, 'INVENTORY_MALFORMED'],
    ['organisations.0.name', 7, 'INVENTORY_MALFORMED'],
    ['orderers.0.host', undefined, 'INVENTORY_MALFORMED'],
    ['chaincode.sequence', 0, 'INVENTORY_MALFORMED'],
    ['chaincode.sequence', '1', 'INVENTORY_MALFORMED'],
    ['channel', 'City', 'INVENTORY_NAME_INVALID'],
    ['chaincode.name', 'a b', 'INVENTORY_NAME_INVALID'],
    ['chaincode.version', '', 'INVENTORY_NAME_INVALID'],
    ['organisations.0.name', '../north', 'INVENTORY_NAME_INVALID'],
    ['organisations.0.mspId', 'North MSP', 'INVENTORY_NAME_INVALID'],
    ['organisations.0.domain', 'northlight', 'INVENTORY_NAME_INVALID'],
    ['organisations.0.domain', 'north..example', 'INVENTORY_NAME_INVALID'],
    ['orderers.0.host', 'a/b', 'INVENTORY_NAME_INVALID'],
    ['orderers.0.host', 'North', 'INVENTORY_NAME_INVALID'],
    ['orderers.0.address', '10.77.0.1', 'INVENTORY_ADDRESS_INVALID'],
    ['orderers.0.address', '10.77.0.1:0', 'INVENTORY_ADDRESS_INVALID'],
    ['orderers.0.address', '10.77.0.1:65536', 'INVENTORY_ADDRESS_INVALID'],
    ['orderers.0.address', '10.77.0.256:7050', 'INVENTORY_ADDRESS_INVALID'],
    ['orderers.0.address', '0.0.0.0:7050', 'INVENTORY_ADDRESS_INVALID'],
    ['orderers.0.address', '[::1]:7050', 'INVENTORY_ADDRESS_INVALID'],
    ['orderers.0.address', 'https://a:7050', 'INVENTORY_ADDRESS_INVALID'],
    ['orderers.0.address', 7050, 'INVENTORY_ADDRESS_INVALID'],
    ['organisations.1.name', 'northlight', 'INVENTORY_DUPLICATE'],
    ['organisations.1.mspId', 'NorthlightMSP', 'INVENTORY_DUPLICATE'],
    ['organisations.1.domain', 'northlight.example', 'INVENTORY_DUPLICATE'],
    ['orderers.0.mspId', 'NorthlightMSP', 'INVENTORY_DUPLICATE'],
    ['orderers.0.domain', 'northlight.example', 'INVENTORY_DUPLICATE'],
    ['orderers.1.domain', 'orderer.northlight.example', 'INVENTORY_DUPLICATE'],
    ['orderers.1.address', '10.77.0.1:7050', 'INVENTORY_DUPLICATE'],
    ['organisations.1.peer.address', '10.77.0.1:7052', 'INVENTORY_DUPLICATE'],
    ['organisations', [], 'INVENTORY_TOO_FEW'],
    ['orderers', [], 'INVENTORY_TOO_FEW'],
  ])('refuses %s of %j', async (path, value, code) => {
    expect(await codeOf(() => read(changed(path, value)))).toBe(code);
  });

  it('says where it is wrong', () => {
    expect(() => read(changed('orderers.2.address', 'x'))).toThrow(
      "the inventory's orderers[2].address: expected a host name",
    );
  });
});

describe('inventoryTopology', () => {
  const inventory = read(
    changed('orderers.3', {
      mspId: 'NorthlightOrdererMSP',
      domain: 'orderer.northlight.example',
      host: 'helios',
      address: 'orderers.example:7050',
    }),
  );

  it('names orderers of one organisation apart', () => {
    expect(inventoryTopology(inventory, {}).orderers.map(({ name }) => name)).toEqual([
      'orderer0.orderer.northlight.example',
      'orderer0.orderer.helios.example',
      'orderer0.orderer.meridian.example',
      'orderer1.orderer.northlight.example',
    ]);
  });

  it('splits into what each host runs', () => {
    const topology = inventoryTopology(inventory, {});
    const names = hostsOf(inventory).map((host) => {
      const { orderers, peers, chaincodes } = partOf(inventory, topology, host);
      return [host, ...[...orderers, ...peers, ...chaincodes].map(({ name }) => name)];
    });
    expect(names).toEqual([
      [
        'northlight',
        'orderer0.orderer.northlight.example',
        'peer0.northlight.example',
        'features.northlight.example',
      ],
      [
        'helios',
        'orderer0.orderer.helios.example',
        'orderer1.orderer.northlight.example',
        'peer0.helios.example',
        'features.helios.example',
      ],
      [
        'meridian',
        'orderer0.orderer.meridian.example',
        'peer0.meridian.example',
        'features.meridian.example',
      ],
    ]);
  });

  it('puts loopback ports where they are known', () => {
    const topology = inventoryTopology(inventory, {});
    const names = loopbackPortNames(partOf(inventory, topology, 'meridian'));
    expect(names).toEqual([
      'orderer0.orderer.meridian.example/admin',
      'orderer0.orderer.meridian.example/operations',
      'peer0.meridian.example/chaincode',
      'peer0.meridian.example/operations',
    ]);
    const ports = Object.fromEntries(names.map((name, index) => [name, 9000 + index]));
    const known = inventoryTopology(inventory, ports);
    expect(known.orderers[2]).toMatchObject({ adminPort: 9000, operationsPort: 9001 });
    expect(known.peers[2]).toMatchObject({ chaincodePort: 9002, operationsPort: 9003 });
    expect(known.peers[0]).toMatchObject({ chaincodePort: 0, operationsPort: 0 });
  });
});
