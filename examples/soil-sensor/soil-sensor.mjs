// A soil sensor as a lightweight end node: symmetric cryptography only. Usage: node soil-sensor.mjs PROVISIONING.json [DIRECTORY]
import { readFile } from 'node:fs/promises';
import { LightweightEndNode, fastRetry } from '@lamplighter/sdk';
import { loadProvisioning, openDeviceDirectory } from '@lamplighter/sdk/node';

const [, , document = 'provisioning.json', directory = `${document}.d`] = process.argv;
const identity = await loadProvisioning(document);
const { gen, seq, version, slotBytes } = identity;
const stores = await openDeviceDirectory(directory, {
  slotBytes,
  factory: async () => ({
    gen,
    seq,
    version,
    bytes: new Uint8Array(await readFile(identity.image)),
  }),
});

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

const device = await LightweightEndNode.start({
  identity,
  ...stores,
  signal: stop.signal,
  retry: fastRetry,
});
device.on('connected', ({ manager }) => console.log(`connected to ${manager}`));
device.on('monitored', ({ n, version: now }) => console.log(`round ${n}: ${now} measured`));
device.on('updateProgress', ({ received, size }) => console.log(`${received} of ${size} bytes`));
device.on('updateRefused', ({ reason }) => console.log(`update refused: ${reason}`));
device.on('updated', ({ version: now }) => console.log(`runs ${now}`));
await device.once('closed');
await stores.close();
