/** The management node: gateway between devices and ledger. */
export { systemClock, type Clock, type Timer } from './clock.ts';
export { defaultSocketLimits, type SocketLimits } from './device-socket.ts';
export type { EventListener, ManagementEvent, ManagementFact, ProtocolName } from './events.ts';
export { DEVICE_PATH, SUB_PROTOCOL } from './gateway-server.ts';
export type { HalfOpenOptions } from './half-open.ts';
export { drawIntervals, type IntervalPolicy } from './intervals.ts';
export { ManagementError, type ManagementErrorCode } from './management-error.ts';
export { ManagementNode } from './management-node.ts';
export type { ManagementKeys, ManagementNodeOptions, NodeLogger } from './management-options.ts';
export { loadManagementKeys } from './management-keys.ts';
export type { StorageState } from './storage/durable-writer.ts';
export type { StorageOption } from './storage/node-storage.ts';
export { systemRandom, type RandomSource } from './random.ts';
