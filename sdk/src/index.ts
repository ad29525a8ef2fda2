/**
 * The public face of the SDK: devices that are monitored and updated over lamplighter.v1. Codec, cryptography and protocol
 * steps are in `@lamplighter/sdk/wire`, `/crypto` and `/protocol`.
 */
export { systemClock, type DeviceClock } from './device/clock.ts';
export { type Device, type DeviceOptions } from './device/device.ts';
export { type DeviceEvents } from './device/device-events.ts';
export { EndNode, type EndNodeOptions } from './device/end-node.ts';
export { DeviceError, type DeviceErrorCode } from './device/errors.ts';
export { type ListenOptions } from './device/events.ts';
export {
  LightweightEndNode,
  type LightweightEndNodeOptions,
} from './device/lightweight-end-node.ts';
export {
  parseProvisioning,
  type DeviceIdentity,
  type DeviceKind,
  type EndNodeIdentity,
  type LightweightIdentity,
} from './device/provisioning.ts';
export { loadProvisioning } from './device/provisioning-file.ts';
export { platformRandom, type RandomBytes } from './device/randomness.ts';
export { backOff, fastRetry, standardRetry, type RetryPolicy } from './device/retry.ts';
export { Inbox, SUBPROTOCOL, type Connection, type Transport } from './device/transport.ts';
export {
  type AttemptResult,
  type BootRecord,
  type SlotImage,
  type SlotName,
  type Trial,
} from './firmware/boot-record.ts';
export { StoreError, type StoreErrorCode } from './firmware/errors.ts';
export { type FirmwareStore } from './firmware/firmware-store.ts';
export { MemoryFirmwareStore, type FactoryImage } from './firmware/memory-firmware-store.ts';
export { MemoryKeyStore, type DeviceRecord, type KeyStore } from './firmware/key-store.ts';
export { NoUpdate, ResultCode } from './wire/message-types.ts';
