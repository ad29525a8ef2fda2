import { join } from 'node:path';
import { takeLockFile } from '../../../network/src/lock-file.ts';
import { rotateRoots } from '../../../network/src/operator/commands/vendor.ts';
import { writeOperatorFile } from '../../../network/src/operator/operator-file.ts';
import { codeOf } from '../code-of.ts';
import { VendorCity } from '../vendor/vendor-city.ts';

describe('rotating a vendor’s roots by the command line', () => {
  /** As a running city leaves it. */
  function announce({ directory, northlight }: VendorCity): void {
    const { id: vendor, url, tokenFile } = northlight;
    takeLockFile(join(directory, 'city.lock'));
    writeOperatorFile(directory, [
      { vendor, mspId: 'NorthlightMSP', models: ['prime', 'mote'], url, tokenFile },
    ]);
  }

  it('prints the new generation', async () => {
    const printed: string[] = [];
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed.push(String(text));
      return true;
    });
    await using city = await VendorCity.start();
    announce(city);
    await rotateRoots('northlight', { directory: city.directory, keys: 3, threshold: 2 });
    write.mockRestore();
    expect(printed.join('')).toMatch(/^northlight: generation 2, 2 of 3 keys sign; .*\n$/);
  });

  it('refuses another vendor, and more signatures than keys', async () => {
    await using city = await VendorCity.start();
    announce(city);
    const { directory } = city;
    const ask = (vendor: string, keys: number, threshold: number): Promise<string> =>
      codeOf(() => rotateRoots(vendor, { directory, keys, threshold }));
    expect(await ask('nobody', 3, 2)).toBe('OPTION_INVALID');
    expect(await ask('northlight', 2, 3)).toBe('REQUEST_REFUSED');
    expect(await ask('northlight', 9, 1)).toBe('REQUEST_REFUSED');
  });

  it('needs a running city', async () => {
    await using city = await VendorCity.start();
    const { directory } = city;
    const asked = (): Promise<void> =>
      rotateRoots('northlight', { directory, keys: 3, threshold: 2 });
    expect(await codeOf(asked)).toBe('CITY_NOT_RUNNING');
  });
});
