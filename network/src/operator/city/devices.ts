/** Makes the devices of the plan at their vendors and writes a provisioning file for each. */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../atomic-file.ts';
import type { Provisioning, VendorNode } from '../../vendor/index.ts';
import type { DeviceStart } from '../processes/device-process.ts';
import { FACTORY_VERSION, hubImage } from './images.ts';
import type { DeviceSubject } from './journal.ts';
import type { Vendors } from './nodes.ts';
import { DEMO_INTERVALS, type DevicePlan } from './plan.ts';

/** A device of the demonstration, ready to start. */
export interface ProvisionedDevice {
  readonly subject: DeviceSubject;
  /** Version of the image it begins with. */
  readonly version: string;
  readonly start: DeviceStart;
}

/**
 * Devices of an earlier run go on as they are when their manager still has them, and those of the plan their own files;
 * the others get a new assignment, under which a device of the plan begins anew. What the plan has beyond them is made.
 *
 * @param directory of provisioning files, and of a folder for each device
 * @param settled devices that their managers know
 */
export async function provisionDevices(
  plans: readonly DevicePlan[],
  vendors: Vendors,
  directory: string,
  settled: ReadonlySet<string>,
): Promise<readonly ProvisionedDevice[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const planned = new Set(plans.map(({ id }) => id));
  const goesOn = (id: string): boolean =>
    settled.has(id) && (!planned.has(id) || existsSync(folderOf(directory, id)));
  const documents = await Promise.all(
    [...vendors.values()].map(async (vendor) => {
      const earlier = new Set(vendor.madeDevices);
      const added = plans.filter((plan) => plan.vendor === vendor.id && !earlier.has(plan.id));
      const kept = [...earlier].filter(goesOn);
      const lost = [...earlier].filter((id) => !goesOn(id));
      const begun = [...added.map(({ id }) => id), ...lost];
      await Promise.all(
        begun.map((id) => rm(folderOf(directory, id), { recursive: true, force: true })),
      );
      return [
        ...(await vendor.manufacture(await orders(vendor, added))),
        ...(await vendor.documents(kept.filter((id) => planned.has(id)))),
        ...(await vendor.reassign(lost)),
      ];
    }),
  );
  const byId = new Map(documents.flat().map((document) => [document.device, document]));
  return Promise.all(
    plans.flatMap((plan) => {
      const document = byId.get(plan.id);
      return document === undefined ? [] : [provisioned(plan, document, directory)];
    }),
  );
}

/** Where a device of the plan keeps its keys and its firmware. */
function folderOf(directory: string, id: string): string {
  return join(directory, id);
}

async function provisioned(
  plan: DevicePlan,
  document: Provisioning,
  directory: string,
): Promise<ProvisionedDevice> {
  const file = join(directory, `${plan.id}.json`);
  await writeFileAtomic(file, `${JSON.stringify(document, null, 2)}\n`, 0o600);
  const { id, vendor, manager, model, tampered } = plan;
  return {
    subject: { id, kind: model.kind, vendor, model: model.id, manager, tampered },
    version: document.ver,
    start: { file, directory: folderOf(directory, id), tampered },
  };
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
  return plans.flatMap(({ id, model, manager, suite }) => {
    const firmware = images.get(model.id);
    return firmware === undefined
      ? []
      : [{ id, model: model.id, manager, firmware, intervals: DEMO_INTERVALS, suites: [suite] }];
  });
}
