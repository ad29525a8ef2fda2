// A streetlight as an end node: monitored and updated until Ctrl-C. Usage: node streetlight.mjs PROVISIONING.json [DIRECTORY]
import { readFile } from 'node:fs/promises';
import { EndNode, fastRetry } from '@lamplighter/sdk';
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

const device = await EndNode.start({
  identity,
  ...stores,
  signal: stop.signal,
  retry: fastRetry,
  healthCheck: ({ version: now }) => {
    console.log(`self test of ${now}: the lamp is lit`);
    return true;
  },
});
device.on('connected', ({ manager }) => console.log(`connected to ${manager}`));
device.on('monitored', ({ n, version: now }) => console.log(`round ${n}: ${now} measured`));
device.on('intervals', ({ fti, rti }) => console.log(`next round in ${fti} to ${fti + rti} s`));
device.on('updateRefused', ({ reason }) => console.log(`update refused: ${reason}`));
device.on('updated', ({ version: now }) => console.log(`runs ${now}`));
device.on('disconnected', ({ closeCode }) => console.log(`disconnected (${closeCode})`));
await device.once('closed');
await stores.close();
