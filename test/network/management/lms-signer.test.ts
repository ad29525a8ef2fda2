/** The manager's tree: signatures that verify, and no leaf twice, whatever happens in between. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hssVerify, isTreeKey, treeVerify } from '@lamplighter/sdk/crypto';
import { writeFileAtomic } from '../../../network/src/atomic-file.ts';
import type { Persist } from '../../../network/src/management/leaf-state.ts';
import { TreeSigner, type TreeSignerOptions } from '../../../network/src/management/lms-signer.ts';
import { codeOf } from '../code-of.ts';

const H5 = 0x0a;
const LEAVES = 32;
const SEED = new Uint8Array(32).fill(7);
const MESSAGE = Buffer.from('lamplighter.v1 session M\0 and a digest');
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'tree-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

function open(options: Partial<TreeSignerOptions> = {}): Promise<TreeSigner> {
  return TreeSigner.open({ directory, seed: SEED, lmsType: H5, ...options });
}

/** The number over all lower trees of the leaf that made a signature: u32(1), upper signature, lower key, lower signature. */
function leafOf(signature: Uint8Array): number {
  const view = Buffer.from(signature);
  const oneTime = 4 + 24 * 52;
  const upper = 4 + oneTime + 4 + 5 * 24;
  return view.readUInt32BE(4) * LEAVES + view.readUInt32BE(4 + upper + 48);
}

async function signMany(signer: TreeSigner, count: number): Promise<readonly number[]> {
  const leaves: number[] = [];
  for (let index = 0; index < count; index += 1) {
    leaves.push(leafOf(await signer.sign(MESSAGE)));
  }
  return leaves;
}

/** Fails at write number `at`, before or after the file is there; counts writes. */
function dyingAt(at: number, when: 'before' | 'after'): Persist {
  let count = 0;
  return async (file, bytes) => {
    count += 1;
    if (count > at || (count === at && when === 'before')) throw new Error('power cut');
    await writeFileAtomic(file, bytes);
    if (count === at) throw new Error('power cut');
  };
}

it('signs what a device verifies, and a changed bit it refuses', async () => {
  await using signer = await open();
  expect(isTreeKey(signer.publicKey)).toBe(true);
  const signature = await signer.sign(MESSAGE);
  expect(signature.length).toBeLessThanOrEqual(3100);
  expect(treeVerify(signer.publicKey, MESSAGE, signature)).toBe(true);
  expect(hssVerify(signer.publicKey, MESSAGE, signature)).toBe(true);
  expect(treeVerify(signer.publicKey, MESSAGE.subarray(1), signature)).toBe(false);
  for (const at of [3, 7, 11, 40, 1300, 1400, 1500, signature.length - 1]) {
    const changed = signature.slice();
    changed[at]! ^= 1;
    expect(treeVerify(signer.publicKey, MESSAGE, changed)).toBe(false);
  }
  expect(treeVerify(signer.publicKey, MESSAGE, signature.subarray(1))).toBe(false);
  expect(treeVerify(signer.publicKey, MESSAGE, Buffer.concat([signature, SEED]))).toBe(false);
});

it('goes from lower tree to lower tree, each leaf in turn', async () => {
  await using signer = await open();
  const signatures = await Promise.all(
    Array.from({ length: 2 * LEAVES + 1 }, () => signer.sign(MESSAGE)),
  );
  expect(signatures.map(leafOf)).toEqual(signatures.map((_, index) => index));
  expect(signatures.every((each) => treeVerify(signer.publicKey, MESSAGE, each))).toBe(true);
  expect(signer.left).toBe(LEAVES ** 2 - 2 * LEAVES - 1);
});

it('has the same public key after a start, and uses leaves that no start before it had', async () => {
  const used: number[] = [];
  let publicKey: Uint8Array | undefined;
  for (let start = 0; start < 3; start += 1) {
    await using signer = await open();
    publicKey ??= signer.publicKey;
    expect(signer.publicKey).toEqual(publicKey);
    used.push(...(await signMany(signer, 5)));
  }
  expect(new Set(used).size).toBe(used.length);
  expect(used).toEqual([0, 1, 2, 3, 4, 64, 65, 66, 67, 68, 128, 129, 130, 131, 132]);
});

it.each(['before', 'after'] as const)(
  'repeats no leaf when it dies %s any of its writes',
  async (when) => {
    const used: number[] = [];
    // The first start writes state and upper leaves; then each step of 64 is one write.
    for (let at = 1; at <= 5; at += 1) {
      const persist = dyingAt(at, when);
      const signer = await open({ persist }).catch(() => undefined);
      for (let index = 0; index < 130 && signer !== undefined; index += 1) {
        const signature = await signer.sign(MESSAGE).catch(() => undefined);
        if (signature === undefined) break;
        used.push(leafOf(signature));
      }
      await signer?.close();
    }
    await using survivor = await open();
    used.push(...(await signMany(survivor, 3)));
    expect(new Set(used).size).toBe(used.length);
    expect(used.length).toBeGreaterThan(64);
  },
);

it('repeats no leaf when a copy of its directory at any moment is what a start finds', async () => {
  const signer = await open();
  const stateFile = path.join(directory, 'leaves.json');
  const used = new Set<number>();
  const states: (readonly [number, number])[] = [];
  for (let index = 0; index < 130; index += 1) {
    used.add(leafOf(await signer.sign(MESSAGE)));
    const { reserved } = JSON.parse(await readFile(stateFile, 'utf8')) as { reserved: number };
    states.push([Math.max(...used), reserved]);
  }
  await signer.close();
  // Whoever starts from the state begins at `reserved`.
  expect(states.every(([last, reserved]) => reserved > last)).toBe(true);
  expect(used.size).toBe(130);
});

it('says when it is low, and refuses when every leaf has signed', async () => {
  const file = path.join(directory, 'leaves.json');
  const first = await open();
  await first.close();
  const state = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...state, reserved: LEAVES ** 2 - 66 }));
  const told: number[] = [];
  const signer = await open({ onLow: (left) => told.push(left) });
  expect(told).toEqual([]);
  const leaves = await signMany(signer, 66);
  expect(told).toEqual([64]);
  expect(leaves.at(-1)).toBe(LEAVES ** 2 - 1);
  expect(await codeOf(() => signer.sign(MESSAGE))).toBe('TREE_EXHAUSTED');
  await signer.close();
  const again = await open({ onLow: (left) => told.push(left) });
  expect(told).toEqual([64, 0]);
  expect(await codeOf(() => again.sign(MESSAGE))).toBe('TREE_EXHAUSTED');
  await again.close();
  expect(await codeOf(() => again.sign(MESSAGE))).toBe('CLOSED');
});

it('is opened once', async () => {
  await using signer = await open();
  expect(await codeOf(() => open())).toBe('DIRECTORY_IN_USE');
  expect(signer.left).toBe(LEAVES ** 2);
});

it('refuses another seed, a lost state and a damaged one', async () => {
  const file = path.join(directory, 'leaves.json');
  await (await open()).close();
  expect(await codeOf(() => open({ seed: new Uint8Array(32).fill(8) }))).toBe('DIRECTORY_FOREIGN');
  await writeFile(file, '{"format":"lamplighter.leaves.v2"}');
  expect(await codeOf(() => open())).toBe('STORAGE_VERSION');
  await writeFile(file, '{"format":"lamplighter.leaves.v1","publicKey":"00","reserved":-1}');
  expect(await codeOf(() => open())).toBe('STORAGE_DAMAGED');
  await writeFile(file, 'null');
  expect(await codeOf(() => open())).toBe('STORAGE_DAMAGED');
  await rm(file);
  expect(await codeOf(() => open())).toBe('STORAGE_DAMAGED');
});

it('grows the upper tree again when its leaves on disk are not right', async () => {
  const first = await open();
  await first.close();
  await writeFile(path.join(directory, 'upper-leaves'), new Uint8Array(LEAVES * 24));
  await using signer = await open();
  expect(signer.publicKey).toEqual(first.publicKey);
  expect(treeVerify(signer.publicKey, MESSAGE, await signer.sign(MESSAGE))).toBe(true);
});

it('checks its arguments', async () => {
  await expect(open({ lmsType: 0x05 })).rejects.toThrow(RangeError);
  await expect(open({ lmsType: 0x0e })).rejects.toThrow(RangeError);
  await expect(open({ seed: new Uint8Array(31) })).rejects.toThrow(RangeError);
});
