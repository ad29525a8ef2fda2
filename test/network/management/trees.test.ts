/** How a node proves itself to lightweight devices by its tree (docs/protocol.md §3.3, mauth 3). */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ManagementNode } from '../../../network/src/management/index.ts';
import { Trees } from '../../../network/src/management/trees.ts';
import { TestCity } from './support/test-city.ts';
import type { TestDevice } from './support/test-device.ts';

/** Five levels and five: 1024 leaves, of which 64 are the last sixteenth. */
const LMS_SHA256_M24_H5 = 0x0a;
const bytes = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

describe('a node with a tree', () => {
  let directory: string;
  let master: Uint8Array;
  let city: TestCity;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'lamplighter-trees-'));
    master = bytes(32);
  });
  afterEach(async () => {
    await city.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function started(): Promise<void> {
    city = await TestCity.start({
      keys: { treeMaster: master },
      directory,
      lmsType: LMS_SHA256_M24_H5,
    });
  }

  function underTree(mkey = city.node.treeKey!): Promise<TestDevice> {
    return city.device('lightweight', { mauth: 3, mkey });
  }

  async function reserved(tree = 0): Promise<number> {
    const file = path.join(directory, 'trees', String(tree), 'leaves.json');
    return (JSON.parse(await readFile(file, 'utf8')) as { reserved: number }).reserved;
  }

  it('proves itself in one session after another, and keeps its leaves over a restart', async () => {
    await started();
    const key = city.node.treeKey!;
    expect(key).toHaveLength(52);
    const device = await underTree();
    await device.open(city.url);
    await device.open(city.url);
    expect(await reserved()).toBe(64);
    await city.node.close();
    await using node = await ManagementNode.start(city.options);
    expect(node.treeKey).toEqual(key);
    const line = await device.open(`ws://127.0.0.1:${String(node.port)}/v1/device`);
    // What was reserved and not used before is left out.
    expect(await reserved()).toBe(128);
    line.line.close();
  });

  it('signs for a device 32 times an hour, and closes with 4429 then', async () => {
    await started();
    const device = await underTree();
    for (let session = 0; session < 32; session += 1) await device.open(city.url);
    await expect(device.open(city.url)).rejects.toThrow('closed with 4429');
    expect(city.events.at(-1)).toMatchObject({ reason: 'HANDSHAKE_TOO_OFTEN' });
    await city.clock.advance(3_600_000 / 32);
    await device.open(city.url);
  });

  it('closes with 4500 for a tree that it does not have, and says so', async () => {
    await started();
    const other = city.node.treeKey!.with(51, city.node.treeKey![51]! ^ 1);
    const device = await underTree(other);
    await expect(device.open(city.url)).rejects.toThrow('closed with 4500');
    expect(await city.event('alarm')).toMatchObject({ device: device.id, code: 'TREE_UNKNOWN' });
  });

  it('begins with the next tree where one is ending, and asks for a new assignment of who has the old', async () => {
    const old = await spent(15);
    await started();
    city.vendor.files.set('/v1/renewals', new Uint8Array(0));
    expect(city.node.treeKey).not.toEqual(old);
    const device = await underTree(old);
    await device.open(city.url);
    expect(await city.event('renewal-asked')).toMatchObject({ device: device.id, serial: 0 });
    const next = await underTree();
    await next.open(city.url);
    expect(await reserved(1)).toBe(64);
  });

  it('grows the next tree while one is coming to its end, and tells of it', async () => {
    await spent(14);
    await started();
    const { node } = city;
    const old = node.treeKey!;
    const device = await underTree(old);
    for (let session = 0; session < 65; session += 1) {
      await city.clock.advance(3_600_000 / 32);
      const line = await device.open(city.url);
      line.line.close();
    }
    const { treeKey } = await city.event('tree-renewed');
    expect(node.treeKey).toEqual(new Uint8Array(Buffer.from(treeKey, 'hex')));
    expect(node.treeKey).not.toEqual(old);
  });

  /** Starts so many times that a tree has that many times 64 leaves less. */
  async function spent(starts: number): Promise<Uint8Array> {
    const options = { directory: path.join(directory, 'trees'), master };
    const heard = { onRenewed: () => undefined, onFault: () => undefined };
    let key = bytes(0);
    for (let start = 0; start < starts; start += 1) {
      await using trees = await Trees.open({ ...options, ...heard, lmsType: LMS_SHA256_M24_H5 });
      key = trees.newest;
      await trees.sign(key, bytes(32));
    }
    return key;
  }
});

it('is not to be had of a node without one', async () => {
  const city = await TestCity.start();
  expect(city.node.treeKey).toBeNull();
  await city.close();
});
