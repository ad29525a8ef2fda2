import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PackageStore } from '../../../../network/src/embedded/chaincode/package-store.ts';
import { LIMITS } from '../../../../network/src/embedded/limits.ts';
import { SILENT } from '../../../../network/src/network-logger.ts';
import { newPackage } from '../packages.ts';

describe('PackageStore', () => {
  let directory: string;
  let warnings: object[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'packages-'));
    warnings = [];
  });

  afterEach(() => rm(directory, { recursive: true }));

  const provided = [{ packageId: 'given:01', address: '127.0.0.1:7' }];
  const open = (): Promise<PackageStore> =>
    PackageStore.open({
      directory: join(directory, 'chaincodes'),
      provided,
      logger: { ...SILENT, warn: (facts) => warnings.push(facts) },
    });
  const files = (): Promise<string[]> => readdir(join(directory, 'chaincodes'));
  const pathOf = async (): Promise<string> =>
    join(directory, 'chaincodes', (await files())[0] ?? '');

  it('keeps packages, and finds them again', async () => {
    const { bytes, packageId } = newPackage('lamp_1');
    const first = await open();
    expect((await first.install(bytes)).packageId).toBe(packageId);
    const again = await open();
    expect(again.list().map((found) => found.packageId)).toEqual(['given:01', packageId]);
    expect(Buffer.from(await again.read(packageId))).toEqual(bytes);
    expect(again.connection(packageId)?.address).toBe('127.0.0.1:9');
    expect(await files()).toEqual([`${packageId.replace(':', '.')}.tar.gz`]);
  });

  it('refuses a package that is there, also when both come at a time', async () => {
    const store = await open();
    const { bytes } = newPackage('lamp');
    const results = await Promise.allSettled([store.install(bytes), store.install(bytes)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await expect(store.install(bytes)).rejects.toThrow('chaincode already successfully installed');
  });

  it('has no package of what the options provide, and of what it does not know', async () => {
    const store = await open();
    expect(store.connection('given:01')?.address).toBe('127.0.0.1:7');
    await expect(store.read('given:01')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('provided by the options') as string,
    });
    await expect(store.read('x:1')).rejects.toThrow("chaincode install package 'x:1' not found");
    expect(store.connection('x:1')).toBeUndefined();
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['cut short', (bytes) => bytes.subarray(0, 40)],
    ['changed', (bytes) => Buffer.concat([bytes, Buffer.from([0])])],
    ['another one', () => newPackage('other').bytes],
  ])('does not count a package whose file is %s, and takes it anew', async (_, damage) => {
    const { bytes, packageId } = newPackage('lamp');
    await (await open()).install(bytes);
    await writeFile(await pathOf(), damage(bytes));
    const store = await open();
    expect(store.find(packageId)).toBeUndefined();
    expect(warnings).toHaveLength(1);
    await store.install(bytes);
    expect(Buffer.from(await readFile(await pathOf()))).toEqual(bytes);
  });

  it('removes what a crash left half written', async () => {
    await open();
    await writeFile(join(directory, 'chaincodes', '0123456789ab.draft'), 'half');
    await open();
    expect(await files()).toEqual([]);
  });

  it('tells when it cannot write, and works on when it can again', async () => {
    const store = await open();
    const { bytes, packageId } = newPackage('lamp');
    await rm(join(directory, 'chaincodes'), { recursive: true });
    await expect(store.install(bytes)).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await open();
    expect((await store.install(bytes)).packageId).toBe(packageId);
  });

  it('holds a bounded number', async () => {
    const store = await open();
    for (let index = 0; index < LIMITS.packages; index++) {
      await store.install(newPackage(`lamp${index}`).bytes);
    }
    await expect(store.install(newPackage('lamp').bytes)).rejects.toMatchObject({ code: 'BUSY' });
  });
});
