/** The program that is killed: an embedded network in a process of its own, which says over IPC when and how it stands. */
import { EmbeddedNetwork, type ConnectionProfile } from '../../../../network/src/embedded/index.ts';
import type { Credentials } from '../../../../network/src/membership/signer.ts';
import type { EmbeddedNetworkOptions } from '../../../../network/src/embedded/index.ts';

/** Sent once the network listens. */
export interface ReadyMessage {
  readonly profile: ConnectionProfile;
  readonly credentials: Credentials;
  /** Hash of the state by MSP id. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly height: number;
}

async function run(): Promise<void> {
  const options = JSON.parse(process.env['NETWORK'] ?? '') as EmbeddedNetworkOptions;
  const network = await EmbeddedNetwork.start(options);
  const [first] = options.organisations;
  const mspId = first?.mspId ?? '';
  const hashes = [...(await network.stateHashes())].map(([name, { hash }]) => [name, hash]);
  const ready: ReadyMessage = {
    profile: network.connectionProfile(mspId),
    credentials: await network.enrol(mspId, 'load', 'client'),
    hashes: Object.fromEntries(hashes) as Readonly<Record<string, string>>,
    height: network.blocks().height,
  };
  process.send?.(ready);
  process.once(
    'message',
    () =>
      void network.close().then(() => {
        process.disconnect();
      }),
  );
}

void run();
