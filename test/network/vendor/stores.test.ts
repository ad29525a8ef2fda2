import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import fc from 'fast-check';

import { Sealer } from '../../../network/src/at-rest/sealer.ts';
import { DeviceSecrets, type DeviceSecret } from '../../../network/src/vendor/device-secrets.ts';
import { FirmwareStore } from '../../../network/src/vendor/firmware-store.ts';
import { PublishedReleases } from '../../../network/src/vendor/published-releases.ts';
import { parseRange } from '../../../network/src/vendor/range.ts';
import { VendorError } from '../../../network/src/vendor/index.ts';
import { codeOf } from '../code-of.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'stores-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const SEALER = new Sealer(new Uint8Array(32).fill(7), 'northlight', 'vendor storage');

const device = (id: string): DeviceSecret => ({
  id,
  model: 'prime',
  kind: 'end',
  kv0: '00'.repeat(32),
  assignment: null,
});

describe('device secrets', () => {
  it('are all on disk after many changes at the same time, and nothing else is', async () => {
    const file = path.join(directory, 'secrets.json');
    const secrets = await DeviceSecrets.open(file, SEALER);
    const ids = Array.from({ length: 40 }, (_, index) => `d-${index}`);
    await Promise.all(ids.map((id) => secrets.add([device(id)])));
    await secrets.remove(['d-0']);
    const again = await DeviceSecrets.open(file, SEALER);
    expect(again.size).toBe(39);
    expect(again.get('d-39')).toEqual(device('d-39'));
    expect(await readdir(directory)).toEqual(['secrets.json.sealed']);
    expect(await readFile(`${file}.sealed`, 'latin1')).not.toContain('kv0');
  });

  it('are bounded, and added all or none', async () => {
    const secrets = await DeviceSecrets.open(path.join(directory, 'secrets.json'), SEALER, 2);
    await secrets.add([device('a')]);
    expect(await codeOf(() => secrets.add([device('b'), device('c')]))).toBe('STORE_FULL');
    expect(await codeOf(() => secrets.add([device('b'), device('a')]))).toBe('DEVICE_EXISTS');
    expect(secrets.size).toBe(1);
    expect(await codeOf(() => secrets.update([device('b')]))).toBe('DEVICE_UNKNOWN');
  });

  it('are not quoted when their file is broken', async () => {
    const file = path.join(directory, 'secrets.json');
    await writeFile(file, '{"devices":[{"kv0":"deadbeef"');
    await expect(DeviceSecrets.open(file, SEALER)).rejects.toThrow(/^(?!.*deadbeef).*is not JSON$/);
  });
});

describe('firmware store', () => {
  it('keeps an image under its digest, whole', async () => {
    const store = await FirmwareStore.open(directory);
    const image = new Uint8Array([1, 2, 3]);
    const { sha256, path: file } = await store.put(image);
    expect(await readFile(file)).toEqual(Buffer.from(image));
    expect(await store.find(sha256)).toEqual({ sha256, size: 3, path: file });
    expect(await store.put(image)).toEqual({ sha256, size: 3, path: file });
  });

  it('forgets in memory what is over its bound, and reads it from disk', async () => {
    const store = await FirmwareStore.open(directory, { memoryBytes: 5 });
    const images = [new Uint8Array(3), new Uint8Array(4), new Uint8Array(6)];
    for (const image of images) {
      const { sha256 } = await store.put(image);
      expect(await store.read(sha256)).toHaveLength(image.length);
    }
    const { sha256, path: file } = await store.put(new Uint8Array(3));
    await writeFile(file, 'xxx');
    expect(await codeOf(() => store.read(sha256))).toBe('IMAGE_CORRUPT');
  });

  it('refuses what is too large, and names that are no digest', async () => {
    const store = await FirmwareStore.open(directory, { maximumBytes: 3 });
    expect(await codeOf(() => store.put(new Uint8Array(4)))).toBe('IMAGE_TOO_LARGE');
    expect(await codeOf(() => store.read('../release-key'))).toBe('IMAGE_NOT_FOUND');
  });
});

describe('published releases', () => {
  it('name the newest release of an image, also after a start', async () => {
    const file = path.join(directory, 'releases.json');
    const releases = await PublishedReleases.open(file);
    await Promise.all([
      releases.add({ id: 'r1', sha256: 'aa' }),
      releases.add({ id: 'r2', sha256: 'aa' }),
      releases.add({ id: 'r3', sha256: 'bb' }),
    ]);
    const again = await PublishedReleases.open(file);
    expect(again.releaseOf('aa')).toBe('r2');
    expect(again.releaseOf('bb')).toBe('r3');
    expect(again.releaseOf('cc')).toBeUndefined();
  });
});

describe('range', () => {
  it.each([undefined, '', 'bytes=-', 'items=0-1', 'bytes=0-1,4-5', 'bytes=a-b', 'bytes=1'])(
    'passes over %j',
    (header) => {
      expect(parseRange(header, 10)).toBeUndefined();
    },
  );

  it('selects the bytes that RFC 9110 says, or is refused', () => {
    const image = Array.from({ length: 40 }, (_, index) => index);
    const selected = (header: string, size: number): readonly number[] => {
      try {
        const range = parseRange(header, size);
        return range === undefined ? [] : image.slice(0, size).slice(range.from, range.to + 1);
      } catch (error) {
        if (error instanceof VendorError && error.code === 'RANGE_NOT_SATISFIABLE') return [];
        throw error;
      }
    };
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.integer({ min: 1, max: 40 }), (first, last, size) => {
        const whole = image.slice(0, size);
        expect(selected(`bytes=${first}-${last}`, size)).toEqual(whole.slice(first, last + 1));
        expect(selected(`bytes=${first}-`, size)).toEqual(whole.slice(first));
        expect(selected(`bytes=-${last}`, size)).toEqual(last === 0 ? [] : whole.slice(-last));
      }),
    );
  });
});
