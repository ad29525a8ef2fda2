/** Writes what a node is started with: its configuration file, its organisation's chaincode package. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { writeFileAtomic } from '../atomic-file.ts';
import { coreYaml, type ValidationLibrary } from './core-yaml.ts';
import { ordererYaml } from './orderer-yaml.ts';
import { newChaincodePackage } from './package.ts';
import {
  builderFolder,
  chaincodeKeyFolder,
  keyFolder,
  nodeFolder,
  packageFile,
  tlsRootFile,
} from './paths.ts';
import { addressOf, type ChaincodeNode, type OrdererNode, type PeerNode } from './topology.ts';

async function writeConfiguration(folder: string, name: string, text: string): Promise<void> {
  await mkdir(join(folder, 'data'), { recursive: true, mode: 0o700 });
  await writeFile(join(folder, name), text, { mode: 0o600 });
}

export async function writePeerFiles(
  directory: string,
  node: PeerNode,
  library: ValidationLibrary | undefined,
): Promise<void> {
  const text = coreYaml({
    node,
    keys: keyFolder(directory, node),
    tlsRoot: tlsRootFile(directory, node),
    builder: builderFolder(directory),
    ...(library && { library }),
  });
  await writeConfiguration(nodeFolder(directory, node), 'core.yaml', text);
}

export async function writeOrdererFiles(
  directory: string,
  node: OrdererNode,
  orderers: readonly OrdererNode[],
): Promise<void> {
  const text = ordererYaml({
    node,
    keys: keyFolder(directory, node),
    tlsRoot: tlsRootFile(directory, node),
    clusterTlsRoots: [...new Set(orderers.map((each) => tlsRootFile(directory, each)))],
  });
  await writeConfiguration(nodeFolder(directory, node), 'orderer.yaml', text);
}

/** Writes the package by which a peer reaches this server. @returns its id */
export async function writePackage(
  directory: string,
  node: ChaincodeNode,
  label: string,
): Promise<string> {
  const tls = join(chaincodeKeyFolder(directory, node), 'tls');
  const [rootCertificate, clientCertificate, clientKey] = await Promise.all(
    ['ca.crt', 'client.crt', 'client.key'].map((name) => readFile(join(tls, name), 'utf8')),
  );
  const { bytes, packageId } = newChaincodePackage(label, {
    address: addressOf(node),
    serverName: node.name,
    rootCertificate: rootCertificate ?? '',
    clientCertificate: clientCertificate ?? '',
    clientKey: clientKey ?? '',
  });
  const file = packageFile(directory, node);
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, bytes);
  return packageId;
}
