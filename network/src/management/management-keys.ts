/** The keys of a management node that devices and vendors know, made at its first start and sealed under its master key. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { sealedSecret } from '../at-rest/sealed-file.ts';
import { Sealer } from '../at-rest/sealer.ts';
import type { ManagementKeys } from './management-options.ts';

/**
 * @param directory of the node, which is made when it is missing; keys that an earlier version left there in the open are
 *   sealed
 * @param id of the node
 * @param masterKey 32 bytes; see `loadMasterKey`
 * @throws AtRestError MASTER_KEY_WRONG, SEALED_DAMAGED
 */
export async function loadManagementKeys(
  directory: string,
  id: string,
  masterKey: Uint8Array,
): Promise<ManagementKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const sealer = new Sealer(masterKey, id);
  const secret = (name: string): Promise<Uint8Array> =>
    sealedSecret(path.join(directory, name), sealer);
  const [signature, sealing, chainMaster, treeMaster] = await Promise.all([
    secret('signature-key'),
    secret('sealing-key'),
    secret('chain-master'),
    secret('tree-master'),
  ]);
  return { signature, sealing, chainMaster, treeMaster };
}
