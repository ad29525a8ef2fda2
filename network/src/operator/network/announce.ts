/** Serves the operations endpoint of a network, or of the part of one that runs here, and tells tools beside it where everything is. */
import { randomUUID } from 'node:crypto';
import type { Closers } from '../../closers.ts';
import type { ConnectionProfile } from '../../membership/index.ts';
import type { ContractServer, EngineKind } from '../city/engine.ts';
import type { Instruments, Watched } from './instruments.ts';
import { writePeerConfiguration } from './peer-configuration.ts';
import { removeRunningFile, writeRunningFile, type RunningNetwork } from './running-file.ts';
import { runningNodes, type OrganisationPlan } from './running-nodes.ts';

export interface AnnouncedNetwork extends Watched {
  readonly kind: EngineKind;
  /** Served here. */
  readonly contracts: readonly ContractServer[];
}

export interface Announcement {
  /** Of the network. */
  readonly folder: string;
  readonly kind: RunningNetwork['kind'];
  readonly channel: string;
  readonly chaincode: { readonly name: string; readonly version: string };
  readonly organisations: readonly OrganisationPlan[];
  /** With all nodes. */
  readonly profile: ConnectionProfile;
  /** Full names of the nodes that run here. @default all */
  readonly runs?: readonly string[];
  /** Of this program. */
  readonly version: string;
}

export async function announce(
  network: AnnouncedNetwork,
  announcement: Announcement,
  instruments: Instruments,
  closers: Closers,
): Promise<void> {
  const { folder, kind, channel, chaincode, organisations, profile, runs, version } = announcement;
  const instance = randomUUID();
  const operations = await instruments.serve({ network, version, instance }, closers);
  closers.add(() => {
    removeRunningFile(folder);
    return Promise.resolve();
  });
  await writeRunningFile(folder, {
    instance,
    processId: process.pid,
    since: new Date().toISOString(),
    kind,
    engine: network.kind,
    ...(runs === undefined ? {} : { runs }),
    channel,
    chaincode: { ...chaincode, servers: network.contracts },
    operations: operations.url,
    peerConfiguration: await writePeerConfiguration(folder),
    logFile: instruments.logFile,
    ...runningNodes(folder, profile, organisations),
  });
}
