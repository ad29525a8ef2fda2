/** The vendor node. */
export type { DeviceOrder } from './device-factory.ts';
export type { AssignmentFailures } from './assignment-desk.ts';
export type { ManagerStanding, TakeOver } from './fleet-care.ts';
export type { StoredImage } from './firmware-store.ts';
export type { VendorLogger } from './logger.ts';
export type { ProvisionRequest } from './operator-routes.ts';
export { COMPONENT, type Provisioning } from './provisioning.ts';
export type { ReleaseOrder } from './release-desk.ts';
export { reviewRelease, signRelease, type ReleaseText, type SignedRelease } from './release.ts';
export { VendorError, type VendorErrorCode } from './vendor-error.ts';
export { VendorNode, type VendorNodeOptions } from './vendor-node.ts';
