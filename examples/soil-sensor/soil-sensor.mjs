// A soil sensor as a lightweight end node: symmetric cryptography only. Usage: node soil-sensor.mjs PROVISIONING.json
import { readFile } from 'node:fs/promises';
import {
  LightweightEndNode,
  MemoryFirmwareStore,
  fastRetry,
  loadProvisioning,
} from '@lamplighter/sdk';

const identity = await loadProvisioning(process.argv[2] ?? 'provisioning.json');
const { gen, seq, version, slotBytes } = identity;
const bytes = new Uint8Array(await readFile(identity.image));
const firmware = new MemoryFirmwareStore({ gen, seq, version, bytes }, slotBytes);

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

const device = await LightweightEndNode.start({
  identity,
  firmware,
  signal: stop.signal,
  retry: fastRetry,
});
device.on('connected', ({ manager }) => console.log(`connected to ${manager}`));
device.on('monitored', ({ n, version: now }) => console.log(`round ${n}: ${now} measured`));
device.on('updateProgress', ({ received, size }) => console.log(`${received} of ${size} bytes`));
device.on('updateRefused', ({ reason }) => console.log(`update refused: ${reason}`));
device.on('updated', ({ version: now }) => console.log(`runs ${now}`));
await device.once('closed');
