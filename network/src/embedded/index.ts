/**
 * A Hyperledger Fabric network in one process, for one machine: an orderer and one peer an organisation, each behind its own TLS
 * endpoint, speaking Fabric's own gRPC protocols to unchanged clients and chaincode.
 */
export { EmbeddedNetwork, type BlockCounts } from './network.ts';
export { EmbeddedError, type EmbeddedErrorCode } from './errors.ts';
export type { ConnectionProfile, DiscoveryProfile } from '../membership/connection-profile.ts';
export type { BatchDescription, ChaincodeDescription, EmbeddedNetworkOptions } from './options.ts';
export type { OrganisationDescription } from '../membership/description.ts';
export { BYZANTINE_MODES, type ByzantineMode } from './byzantine-modes.ts';
export { STAKE_PLUGIN } from './peer/definitions.ts';
export type { StateHash } from './ledger/state-hash.ts';
export type { NetworkLogger } from '../network-logger.ts';
export type { NetworkObserver } from './observer.ts';
export type { Role } from './msp.ts';
export type { Credentials } from '../membership/signer.ts';
