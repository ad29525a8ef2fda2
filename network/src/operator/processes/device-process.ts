/**
 * The devices of the demonstration, in a process apart from the nodes: each starts from its provisioning file as a
 * device of any make would, with the public face of the SDK and nothing else. Told what to do over the parent's channel.
 */
import { readFile } from 'node:fs/promises';
import { EndNode, fastRetry, LightweightEndNode } from '@lamplighter/sdk';
import { loadProvisioning, openDeviceDirectory } from '@lamplighter/sdk/node';
import { tamper } from '../city/images.ts';

/** A device to start. */
export interface DeviceStart {
  /** Provisioning document. */
  readonly file: string;
  /** Its keys and firmware; made at the first start. */
  readonly directory: string;
  readonly tampered: boolean;
}

export type FleetRequest =
  | { readonly type: 'start'; readonly devices: readonly DeviceStart[] }
  | { readonly type: 'images' };

export type FleetAnswer =
  | { readonly type: 'started'; readonly count: number }
  | { readonly type: 'failed'; readonly reason: string }
  /** What each device says it runs. */
  | { readonly type: 'images'; readonly versions: Readonly<Record<string, string>> };

/** Devices that enrol at the same time; enrolment costs a signature check each. */
const STARTING_AT_ONCE = 16;

const devices: (EndNode | LightweightEndNode)[] = [];
const stores: AsyncDisposable[] = [];

async function startDevice({ file, directory, tampered }: DeviceStart): Promise<void> {
  const identity = await loadProvisioning(file);
  const { gen, seq, version, slotBytes } = identity;
  const store = await openDeviceDirectory(directory, {
    slotBytes,
    factory: async () => {
      const image = new Uint8Array(await readFile(identity.image));
      return { bytes: tampered ? tamper(image) : image, gen, seq, version };
    },
  });
  stores.push(store);
  const { keys, firmware } = store;
  devices.push(
    identity.kind === 'end'
      ? await EndNode.start({ identity, keys, firmware, retry: fastRetry })
      : await LightweightEndNode.start({ identity, keys, firmware, retry: fastRetry }),
  );
}

async function startAll(starts: readonly DeviceStart[]): Promise<FleetAnswer> {
  const queue = starts.values();
  const lanes = Array.from({ length: STARTING_AT_ONCE }, async () => {
    for (const start of queue) await startDevice(start);
  });
  await Promise.all(lanes);
  return { type: 'started', count: devices.length };
}

function answer(request: FleetRequest): Promise<FleetAnswer> {
  if (request.type === 'start') return startAll(request.devices);
  const versions = Object.fromEntries(devices.map((device) => [device.id, device.image.version]));
  return Promise.resolve({ type: 'images', versions });
}

/** Sessions first, then what they write to. */
async function closeAll(): Promise<void> {
  await Promise.all(devices.map((device) => device.close()));
  await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
}

process.on('disconnect', () => {
  closeAll().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});

process.on('message', (request: FleetRequest) => {
  answer(request)
    .catch((error: unknown): FleetAnswer => ({ type: 'failed', reason: String(error) }))
    .then((reply) => process.send?.(reply))
    .catch(() => undefined); // the parent is gone, and so is this process in a moment
});
