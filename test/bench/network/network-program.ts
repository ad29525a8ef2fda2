/** The embedded network in a process of its own: `network-program DIRECTORY CHAINCODE-ADDRESS PACKAGE-ID`. */
import { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';
import { type Connection, serveOrders } from './orders.ts';

const NAMES = ['northlight', 'helios', 'meridian'];
const CHANNEL = 'city';
const CHAINCODE = 'features';
const [directory = '', address = '', packageId = ''] = process.argv.slice(2);

const mspIdOf = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}MSP`;

const starting = EmbeddedNetwork.start({
  directory,
  channel: CHANNEL,
  organisations: NAMES.map((name) => ({ name, mspId: mspIdOf(name), domain: `${name}.example` })),
  chaincodes: [{ name: CHAINCODE, version: '1', sequence: 1, packageId, address }],
});

async function connection(): Promise<Connection> {
  const network = await starting;
  const mspId = mspIdOf('northlight');
  const profile = network.connectionProfile(mspId);
  const [peer] = Object.values(profile.peers);
  if (peer === undefined) throw new Error('the profile has no peer');
  return {
    settings: {
      profile,
      identity: await network.enrol(mspId, 'measurer', 'client'),
      channel: CHANNEL,
      chaincode: CHAINCODE,
    },
    peer: {
      address: peer.url.replace(/^grpcs:\/\//, ''),
      tlsRootCertificate: peer.tlsCACerts.pem,
    },
    mspIds: NAMES.map(mspIdOf),
  };
}

serveOrders(async (order) => {
  if (order.kind === 'connection') return connection();
  await (await starting).close();
  return null;
});
