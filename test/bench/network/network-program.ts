/** The embedded network in a process of its own: `network-program DIRECTORY CHAINCODE-ADDRESS PACKAGE-ID`. */
import { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';
import { CHAINCODE, CHANNEL, mspIdOf, NAMES } from './network-names.ts';
import { type Connection, connectionOf, serveOrders } from './orders.ts';

const [directory = '', address = '', packageId = ''] = process.argv.slice(2);

const starting = EmbeddedNetwork.start({
  directory,
  channel: CHANNEL,
  organisations: NAMES.map((name) => ({ name, mspId: mspIdOf(name), domain: `${name}.example` })),
  chaincodes: [{ name: CHAINCODE, version: '1', sequence: 1, packageId, address }],
});

async function connection(): Promise<Connection> {
  const network = await starting;
  const mspId = mspIdOf('northlight');
  const identity = await network.enrol(mspId, 'measurer', 'client');
  return connectionOf(network.connectionProfile(mspId), identity);
}

serveOrders(async (order) => {
  if (order.kind === 'connection') return connection();
  await (await starting).close();
  return null;
});
