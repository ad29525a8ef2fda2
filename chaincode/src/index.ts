/** What fabric-shim loads: the contracts. The types are for clients. */
import { DeviceRegistry } from './device-registry.ts';
import { Firmware } from './firmware.ts';
import './schemas.ts';
import { Stake } from './stake-contract.ts';
import './stake/schemas.ts';
import { StatusLog } from './status-log.ts';

export type { ContractErrorCode } from './errors.ts';
export type * from './records.ts';
export type * from './stake/records.ts';

export const contracts = [DeviceRegistry, StatusLog, Firmware, Stake];
