// A streetlight as an end node: monitored and updated until Ctrl-C. Usage: node streetlight.mjs PROVISIONING.json
import { readFile } from 'node:fs/promises';
import { EndNode, MemoryFirmwareStore, fastRetry, loadProvisioning } from '@lamplighter/sdk';

const identity = await loadProvisioning(process.argv[2] ?? 'provisioning.json');
const { gen, seq, version, slotBytes } = identity;
const bytes = new Uint8Array(await readFile(identity.image));
const firmware = new MemoryFirmwareStore({ gen, seq, version, bytes }, slotBytes);

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

const device = await EndNode.start({
  identity,
  firmware,
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
