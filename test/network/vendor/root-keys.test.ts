/** The vendor's root keys (protocol §7.1): how they move, and what devices make of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CryptoError, openEnvelope, signEnvelope } from '@lamplighter/sdk/crypto';
import { nextRoots, trustOfRoots } from '@lamplighter/sdk/protocol';
import { encodeSigned, type VendorRoots } from '@lamplighter/sdk/wire';
import { writeSealed } from '../../../network/src/at-rest/sealed-file.ts';
import { Sealer } from '../../../network/src/at-rest/sealer.ts';
import { RootKeys } from '../../../network/src/vendor/root-keys.ts';

const RELEASE_KEY = new Uint8Array(32).fill(7);
const PAYLOAD = Uint8Array.of(1, 2, 3);

describe('root keys', () => {
  let directory: string;
  const sealer = new Sealer(new Uint8Array(32).fill(1), 'northlight', 'vendor storage');
  const open = (): Promise<RootKeys> =>
    RootKeys.open(path.join(directory, 'root-keys'), sealer, RELEASE_KEY);

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'lamplighter-roots-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  /** True when what these keys sign is valid under the roots. */
  function holds(keys: RootKeys, roots: VendorRoots): boolean {
    const signed = encodeSigned(signEnvelope('release', PAYLOAD, ...keys.signers));
    try {
      return openEnvelope('release', signed, trustOfRoots(roots)).length > 0;
    } catch (error) {
      if (error instanceof CryptoError) return false;
      throw error;
    }
  }

  it('are the release key until the first rotation', async () => {
    const keys = await open();
    expect([keys.rotated, keys.roots.gen, keys.roots.k, keys.signers.length]).toEqual([
      false,
      1,
      1,
      1,
    ]);
    expect(keys.after(0)).toEqual([]);
  });

  it('move by k of the old and k of the new, and devices follow over several generations', async () => {
    const keys = await open();
    const first = keys.roots;
    const generations = [
      await keys.rotate({ k: 2, n: 3 }),
      await keys.rotate({ k: 3, n: 5 }),
      await keys.rotate({ k: 1, n: 1 }),
    ];
    expect(generations.map(({ gen, k }) => [gen, k])).toEqual([
      [2, 2],
      [3, 3],
      [4, 1],
    ]);
    let followed = first;
    for (const envelope of keys.after(first.gen)) followed = nextRoots(envelope, followed);
    expect(followed).toEqual(keys.roots);
    expect(keys.after(2)).toEqual(keys.after(1).slice(1));
    // A device that was made with generation 0 has one more step before it.
    let zero: VendorRoots = { ...first, gen: 0 };
    for (const envelope of keys.after(0)) zero = nextRoots(envelope, zero);
    expect(zero).toEqual(keys.roots);
    expect(keys.after(4)).toEqual([]);
    // The release key signs along for the ledger; alone it counts nowhere else.
    expect([holds(keys, first), holds(keys, keys.roots), holds(keys, generations[0]!)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('are the same after a restart', async () => {
    const keys = await open();
    await keys.rotate({ k: 2, n: 3 });
    const again = await open();
    expect(again.roots).toEqual(keys.roots);
    expect(again.after(0)).toEqual(keys.after(0));
    expect(holds(again, keys.roots)).toBe(true);
  });

  it('move one generation at a time', async () => {
    const keys = await open();
    const both = await Promise.all([keys.rotate({ k: 1, n: 2 }), keys.rotate({ k: 2, n: 2 })]);
    expect(both.map(({ gen }) => gen)).toEqual([2, 3]);
    expect(keys.after(1)).toHaveLength(2);
  });

  it.each([
    [0, 1],
    [2, 1],
    [1, 0],
    [1, 9],
    [8, 8],
    [1.5, 2],
  ])('do not move to %d of %d', async (k, n) => {
    const keys = await open();
    await expect(keys.rotate({ k, n })).rejects.toThrow(RangeError);
    expect(keys.rotated).toBe(false);
  });

  it.each(['', '{}', '{"gen":2,"k":3,"secrets":["00"],"chain":["00"]}'])(
    'are refused when the store holds %p',
    async (text) => {
      await writeSealed(path.join(directory, 'root-keys'), Buffer.from(text), sealer);
      await expect(open()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    },
  );
});
