import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ImageCache } from '../../../network/src/management/image-cache.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const image = (fill: number, size = 100): Uint8Array => new Uint8Array(size).fill(fill);

describe('image cache', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'lamplighter-images-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  const never = (): Promise<Uint8Array> => Promise.reject(new Error('not to be fetched'));

  it('fetches an image once, for callers at the same time too, and reads it from disk after a start', async () => {
    const bytes = image(1);
    let fetches = 0;
    const fetch = (): Promise<Uint8Array> => {
      fetches += 1;
      return Promise.resolve(bytes);
    };
    const cache = await ImageCache.open({ directory });
    const digest = sha256(bytes);
    const both = await Promise.all([cache.image(digest, fetch), cache.image(digest, fetch)]);
    expect(both).toEqual([bytes, bytes]);
    expect(await cache.image(digest, never)).toEqual(bytes);
    expect(fetches).toBe(1);
    const again = await ImageCache.open({ directory });
    expect(await again.image(digest, never)).toEqual(bytes);
  });

  it.each([
    ['one bit flipped', (bytes: Uint8Array) => bytes.with(50, 0)],
    ['cut short', (bytes: Uint8Array) => bytes.slice(0, 99)],
    ['too long', (bytes: Uint8Array) => new Uint8Array([...bytes, 1])],
  ])('keeps nothing of an image %s', async (_name, damage) => {
    const bytes = image(1);
    const cache = await ImageCache.open({ directory });
    await expect(
      cache.image(sha256(bytes), () => Promise.resolve(damage(bytes))),
    ).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await readdir(directory)).toEqual([]);
  });

  it('fetches again what was damaged on disk', async () => {
    const bytes = image(1);
    await writeFile(path.join(directory, sha256(bytes)), image(2));
    const cache = await ImageCache.open({ directory });
    expect(await cache.image(sha256(bytes), () => Promise.resolve(bytes))).toEqual(bytes);
  });

  it('drops the least recently used image over its bound', async () => {
    const cache = await ImageCache.open({ directory, maximumBytes: 250, memoryBytes: 0 });
    for (const fill of [1, 2]) {
      await cache.image(sha256(image(fill)), () => Promise.resolve(image(fill)));
    }
    await cache.image(sha256(image(1)), never);
    await cache.image(sha256(image(3)), () => Promise.resolve(image(3)));
    expect(cache.bytesOnDisk).toBe(200);
    expect((await readdir(directory)).sort()).toEqual([sha256(image(1)), sha256(image(3))].sort());
  });

  it('tries again after a failed fetch', async () => {
    const bytes = image(1);
    const cache = await ImageCache.open({ directory });
    await expect(
      cache.image(sha256(bytes), () => Promise.reject(new Error('vendor is away'))),
    ).rejects.toThrow('vendor is away');
    expect(await cache.image(sha256(bytes), () => Promise.resolve(bytes))).toEqual(bytes);
  });
});
