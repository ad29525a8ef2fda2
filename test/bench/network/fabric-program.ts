/** A network of Fabric's own programs in a process of its own: `fabric-program DIRECTORY CONTRACT-FOLDER`. */
import { FabricNetwork, findBinaries } from '../../../network/src/fabric/index.ts';
import type { ConnectionProfile } from '../../../network/src/membership/connection-profile.ts';
import { newSigner } from '../../../network/src/membership/signer.ts';
import { readLeader } from '../../conformance/target/consensus.ts';
import { RawClient } from '../../network/embedded/raw-client.ts';
import { CHAINCODE, CHANNEL, mspIdOf, NAMES } from './network-names.ts';
import { connectionOf, serveOrders, type FabricConnections } from './orders.ts';

const [directory = '', modulePath = ''] = process.argv.slice(2);

async function start(): Promise<FabricNetwork> {
  return FabricNetwork.start({
    directory,
    channel: CHANNEL,
    organisations: NAMES.map((name) => ({ name, mspId: mspIdOf(name), domain: `${name}.example` })),
    chaincodes: [{ name: CHAINCODE, version: '1', sequence: 1, label: 'features_1', modulePath }],
    binaries: await findBinaries(),
    validation: { kind: 'coalitions' },
  });
}

const starting = start();

/** The profile as if nobody knew of the orderer that leads. */
async function withoutLeader(
  network: FabricNetwork,
  profile: ConnectionProfile,
  mspId: string,
): Promise<ConnectionProfile> {
  const client = new RawClient(profile, newSigner(await network.enrol(mspId, 'Admin', 'admin')));
  const leader = await readLeader(client, CHANNEL);
  client.close();
  const followers = Object.entries(profile.orderers).filter(([, { url }]) => !url.endsWith(leader));
  const orderers = Object.fromEntries(followers);
  const channel = profile.channels[CHANNEL];
  if (channel === undefined || followers.length === 0) throw new Error('there are no followers');
  const channels = { [CHANNEL]: { ...channel, orderers: Object.keys(orderers) } };
  return { ...profile, orderers, channels };
}

async function connections(): Promise<FabricConnections> {
  const network = await starting;
  const mspId = mspIdOf('northlight');
  const profile = network.connectionProfile(mspId);
  const identity = await network.enrol(mspId, 'measurer', 'client');
  return {
    all: connectionOf(profile, identity),
    followers: connectionOf(await withoutLeader(network, profile, mspId), identity),
  };
}

serveOrders(async (order) => {
  if (order.kind === 'connection') return connections();
  await (await starting).close();
  return null;
});
