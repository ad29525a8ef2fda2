/**
 * What a device in Node has besides the public face of the SDK: its keys and its firmware in files. Browsers do not load
 * this.
 */
export { loadProvisioning } from '../device/provisioning-file.ts';
export { StoreError, type StoreErrorCode } from '../firmware/errors.ts';
export { type Disk } from '../firmware/disk.ts';
export { FileFirmwareStore, type FactoryParts } from '../firmware/file-firmware-store.ts';
export { FileKeyStore } from '../firmware/file-key-store.ts';
export { nodeAeads, nodeHashes, nodeKdfs } from './crypto.ts';
export { openDeviceDirectory, type DeviceDirectory } from './device-directory.ts';
export { nodeDisk } from './node-disk.ts';
