/**
 * A device in a process of its own, to be killed at any moment: its directory, its provisioning document and its gateway
 * come by the environment. Bundled and started by killed-device.test.ts.
 */
import { readFile } from 'node:fs/promises';
import { EndNode, LightweightEndNode, fastRetry } from '@lamplighter/sdk';
import { loadProvisioning, openDeviceDirectory } from '@lamplighter/sdk/node';

const { DIRECTORY = '', DOCUMENT = '' } = process.env;

async function main(): Promise<void> {
  const identity = await loadProvisioning(DOCUMENT);
  const { slotBytes, gen, seq, version, image } = identity;
  const stores = await openDeviceDirectory(DIRECTORY, {
    slotBytes,
    factory: async () => ({ bytes: new Uint8Array(await readFile(image)), gen, seq, version }),
  });
  const common = { ...stores, retry: fastRetry, trustedTime: () => 1_000_000 };
  const device =
    identity.kind === 'end'
      ? await EndNode.start({ identity, ...common })
      : await LightweightEndNode.start({ identity, ...common });
  device.on('error', ({ error }) => {
    console.error(error);
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
