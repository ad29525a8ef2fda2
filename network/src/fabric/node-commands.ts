/** The commands that start nodes. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import type { FabricBinaries } from './binaries.ts';
import { cleanEnvironment } from './command.ts';
import type { NodeCommand } from './node-process.ts';
import type { ChaincodeServerFacts } from './options.ts';
import { logFile, nodeFolder } from './paths.ts';
import type { NetworkNode, OrdererNode, PeerNode } from './topology.ts';

/** Neither every gRPC call, nor colours for a terminal. */
const LOGGING = {
  FABRIC_LOGGING_SPEC: 'info:grpc=error:comm.grpc.server=error:gossip=warning',
  FABRIC_LOGGING_FORMAT:
    '%{time:2006-01-02T15:04:05.000Z07:00} %{level} [%{module}] %{shortfunc}: %{message}',
};

export function ordererCommand(
  directory: string,
  node: OrdererNode,
  { orderer }: FabricBinaries,
): NodeCommand {
  const folder = nodeFolder(directory, node);
  return {
    program: orderer,
    args: [],
    environment: cleanEnvironment({ ...LOGGING, FABRIC_CFG_PATH: folder }),
    folder,
    logFile: logFile(directory, node),
  };
}

export function peerCommand(
  directory: string,
  node: PeerNode,
  { peer }: FabricBinaries,
): NodeCommand {
  const folder = nodeFolder(directory, node);
  return {
    program: peer,
    args: ['node', 'start'],
    environment: cleanEnvironment({ ...LOGGING, FABRIC_CFG_PATH: folder }),
    folder,
    logFile: logFile(directory, node),
  };
}

/** Where @lamplighter/chaincode lies: the contracts, and the shim that serves them. */
export function contractsFolder(): string {
  return dirname(require.resolve('@lamplighter/chaincode/package.json'));
}

/** `fabric-chaincode-node server`, as Fabric documents chaincode as a service in Node. */
export function contractsCommand(
  directory: string,
  node: NetworkNode,
  { address, packageId, tls }: ChaincodeServerFacts,
  modulePath: string = contractsFolder(),
): NodeCommand {
  const shim = createRequire(join(contractsFolder(), 'package.json')).resolve(
    'fabric-shim/package.json',
  );
  return {
    program: process.execPath,
    args: [
      join(dirname(shim), 'cli.js'),
      'server',
      `--chaincode-address=${address}`,
      `--chaincode-id=${packageId}`,
      `--chaincode-tls-cert-file=${tls.certificate}`,
      `--chaincode-tls-key-file=${tls.key}`,
      `--chaincode-tls-client-cacert-file=${tls.clientRoot}`,
      `--module-path=${modulePath}`,
    ],
    environment: cleanEnvironment({ CORE_CHAINCODE_LOGGING_LEVEL: 'error' }),
    folder: modulePath,
    logFile: logFile(directory, node),
  };
}
