/** What an operator's own programs may embed: networks, the nodes, the ledger client. */
export * from './embedded/index.ts';
export { LamplighterError } from './errors.ts';
export * from './ledger/index.ts';
export {
  ManagementNode,
  type IntervalPolicy,
  type ManagementEvent,
  type ManagementKeys,
  type ManagementNodeOptions,
} from './management/index.ts';
export {
  VendorNode,
  type DeviceOrder,
  type Provisioning,
  type ReleaseOrder,
  type VendorNodeOptions,
} from './vendor/index.ts';
