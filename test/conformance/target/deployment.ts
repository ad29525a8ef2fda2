/** Opens a network for the suite: its own or one that a profile names, with the suite's contract deployed twice. */
import { Closers } from '../../../network/src/closers.ts';
import type { FabricBinaries } from '../../../network/src/fabric/index.ts';
import { freePort, startChaincode } from '../../network/embedded/chaincode-process.ts';
import { newPackage } from './archive.ts';
import { buildContract } from './contract.ts';
import { Lifecycle } from './lifecycle.ts';
import { startEmbedded, startFabric } from './own-networks.ts';
import { readProfile } from './profile.ts';
import { Target, type TargetNames } from './target.ts';

const NAMES: TargetNames = { chaincode: 'conformance', callee: 'conformance-callee' };

export interface DeploymentOptions {
  /** File of a connection profile. @default an own network of three organisations */
  readonly profile?: string | undefined;
  /** The own network is one of Fabric's programs. @default an embedded one */
  readonly binaries?: (() => FabricBinaries) | undefined;
  /** @default the first one of the profile */
  readonly channel?: string | undefined;
  /** Under which the network's peers reach this machine. @default '127.0.0.1' */
  readonly host?: string | undefined;
}

export interface Deployment {
  readonly target: Target;
  readonly lifecycle: Lifecycle;
  readonly packageId: string;
  readonly packageBytes: Uint8Array;
  /** Starts a server with the contract and packs its address. */
  serve(label: string): Promise<{
    readonly bytes: Uint8Array;
    readonly packageId: string;
  }>;
  close(): Promise<void>;
}

/** @throws whatever keeps the network from being deployed to; nothing is left open then. */
export async function openDeployment(options: DeploymentOptions): Promise<Deployment> {
  const closers = new Closers();
  try {
    return await deployTo(options, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

function startOwn({ binaries }: DeploymentOptions, closers: Closers): Promise<string> {
  return binaries === undefined ? startEmbedded(closers) : startFabric(closers, binaries());
}

async function deployTo(options: DeploymentOptions, closers: Closers): Promise<Deployment> {
  const { host = '127.0.0.1' } = options;
  const directory = await buildContract();
  const serve: Deployment['serve'] = async (label) => {
    const port = await freePort();
    const { bytes, packageId } = newPackage(label, `${host}:${port}`);
    const server = await startChaincode(port, packageId, directory);
    closers.add(() => server.stop());
    return { bytes, packageId };
  };
  const own = await serve(NAMES.chaincode);
  const callee = await serve(NAMES.callee);
  const profile = options.profile ?? (await startOwn(options, closers));
  const target = await Target.open(await readProfile(profile, options.channel), NAMES);
  closers.add(() => {
    target.close();
    return Promise.resolve();
  });
  const lifecycle = new Lifecycle(target);
  await lifecycle.deploy(NAMES.chaincode, own.bytes);
  await lifecycle.deploy(NAMES.callee, callee.bytes);
  return {
    target,
    lifecycle,
    packageId: own.packageId,
    packageBytes: own.bytes,
    serve,
    close: () => closers.closeAll(),
  };
}
