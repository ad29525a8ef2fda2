import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ChaincodeLinks } from '../../../../network/src/embedded/chaincode/links.ts';
import { PackageStore } from '../../../../network/src/embedded/chaincode/package-store.ts';
import { SILENT } from '../../../../network/src/network-logger.ts';
import { coded } from '../../coded.ts';
import { newPackage } from '../packages.ts';

describe('ChaincodeLinks', () => {
  let directory: string;
  let packages: PackageStore;
  let links: ChaincodeLinks;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'links-'));
    packages = await PackageStore.open({ directory, provided: [], logger: SILENT });
    links = new ChaincodeLinks({ packages, logger: SILENT });
  });

  afterEach(async () => {
    await links.close();
    await rm(directory, { recursive: true });
  });

  it('has one for each package, from its install on', async () => {
    const [first, second] = [newPackage('first'), newPackage('second')];
    expect(links.find(first.packageId)).toBeUndefined();
    expect(links.has(first.packageId)).toBe(false);
    await packages.install(first.bytes);
    await packages.install(second.bytes);
    expect(links.has(first.packageId)).toBe(true);
    const link = links.find(first.packageId);
    expect(link).toBeDefined();
    expect(links.find(first.packageId)).toBe(link);
    expect(links.find(second.packageId)).not.toBe(link);
  });

  it('makes none after it was closed', async () => {
    const { bytes, packageId } = newPackage('late');
    await packages.install(bytes);
    await links.close();
    expect(() => links.find(packageId)).toThrow(coded('CLOSED'));
  });
});
