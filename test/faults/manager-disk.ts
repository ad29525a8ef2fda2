/** What a killed management node has left on its disk, read from a copy, as its next start would find it. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceEntry } from '../../network/src/management/device-database.ts';
import { reportKey } from '../../network/src/management/outbox-batch.ts';
import type { OutboxEntry } from '../../network/src/management/outbox.ts';
import { decodeRecord } from '../../network/src/management/storage/json-bytes.ts';
import { LevelStore } from '../../network/src/management/storage/level-store.ts';
import { Sealer } from '../../network/src/at-rest/sealer.ts';
import { SealedStore } from '../../network/src/management/storage/sealed-store.ts';
import type { ManagerOrder } from './manager-messages.ts';

/** What is on the disk. */
export interface ManagerDisk {
  /** Keys of the reports that wait for the ledger. */
  readonly reports: readonly string[];
  readonly devices: readonly DeviceEntry[];
}

export async function readManagerDisk(order: ManagerOrder): Promise<ManagerDisk> {
  const copy = await mkdtemp(join(tmpdir(), 'lamplighter-killed-manager-'));
  await cp(join(order.directory, 'state'), copy, { recursive: true });
  const store = await LevelStore.open(copy);
  const sealed = new SealedStore(store, new Sealer(order.masterKey, order.id));
  const reports: string[] = [];
  const devices: DeviceEntry[] = [];
  for await (const [, value] of sealed.entries('report/')) {
    reports.push(reportKey(decodeRecord(value) as OutboxEntry));
  }
  for await (const [, value] of sealed.entries('device/')) {
    devices.push(decodeRecord(value) as DeviceEntry);
  }
  await store.close();
  await rm(copy, { recursive: true });
  return { reports, devices };
}
