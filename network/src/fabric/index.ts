/**
 * A Hyperledger Fabric network of Fabric's own programs: BFT orderers, a peer for each organisation, chaincode as a service. It hides
 * how they are configured, started, kept running and ended; all that it leaves on disk is what Fabric's ordinary tools read.
 */
export { findBinaries, INSTALL_PAGE, type FabricBinaries } from './binaries.ts';
export type { BlockCounts } from './block-counts.ts';
export { FabricError, type FabricErrorCode } from './errors.ts';
export { FabricHost } from './host.ts';
export { readInventory, type Inventory } from './inventory.ts';
export { writeHostFolders, type HostFolder, type HostFoldersOptions } from './inventory-folders.ts';
export { startHost, type StartHostOptions } from './inventory-host.ts';
export { STAKE_PLUGIN } from './lifecycle.ts';
export { FabricNetwork, layOut, type LayoutOptions } from './network.ts';
export type {
  ChaincodeServer,
  ChaincodeServerFacts,
  FabricChaincode,
  FabricNetworkOptions,
  Validation,
} from './options.ts';
export type { RunningNode } from './running-nodes.ts';
export {
  appliedLines,
  applyStake,
  planStake,
  type StakeApplied,
  type StakeApplyOptions,
} from './stake-apply.ts';
