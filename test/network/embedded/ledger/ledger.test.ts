import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { common } from '@hyperledger/fabric-protos';

import { encodeRecord } from '../../../../network/src/embedded/ledger/block-record.ts';
import { Ledger } from '../../../../network/src/embedded/ledger/ledger.ts';
import { MemoryStore } from '../../../../network/src/embedded/ledger/memory-store.ts';
import type { OrderedBlock } from '../../../../network/src/embedded/ledger/ordered-block.ts';
import { newChain, nextBlock } from './blocks.ts';

const INVALID = 255;

describe('Ledger', () => {
  let directory: string;
  let path: string;
  let blocks: readonly OrderedBlock[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ledger-'));
    path = join(directory, 'blocks');
    blocks = newChain(4);
    const ledger = await open();
    for (const block of blocks.slice(0, 3)) {
      await ledger.commit(block, Uint8Array.of(block.number === 0 ? 0 : INVALID));
    }
    await ledger.close();
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  const open = (): Promise<Ledger> =>
    Ledger.open({ path, remedy: 'delete it', store: new MemoryStore() });

  it('knows after a restart what it knew', async () => {
    const ledger = await open();
    expect(ledger.height).toBe(3);
    expect(ledger.counts).toEqual({ valid: 1, invalid: 2 });
    expect(ledger.info.currentHash).toEqual(blocks[2]!.hash);
    expect(ledger.numberOf(blocks[1]!.hash)).toBe(1);
    expect((await ledger.read(1)).verdict.flags).toEqual(Uint8Array.of(INVALID));
    await ledger.commit(blocks[3]!, Uint8Array.of(INVALID));
    expect(ledger.height).toBe(4);
    await ledger.close();
  });

  it('chains commit hashes from block 1 on', async () => {
    const ledger = await open();
    const hashes: number[] = [];
    for (const { number } of blocks.slice(0, 3)) {
      hashes.push((await ledger.read(number)).verdict.commitHash.length);
    }
    expect(hashes).toEqual([0, 32, 32]);
    await ledger.close();
  });

  it('tells those who wait for a block once it is on disk', async () => {
    const ledger = await open();
    const waiting = ledger.reach(3, new AbortController().signal).then(() => readFile(path));
    await ledger.commit(blocks[3]!, Uint8Array.of(INVALID));
    expect((await waiting).includes('envelope 3')).toBe(true);
    await ledger.close();
  });

  it.each([
    ['a block twice', () => blocks[2]!],
    [
      'a block of another chain',
      () => nextBlock(nextBlock(nextBlock(nextBlock(undefined, 'another chain')))),
    ],
  ])('refuses %s', async (_, block) => {
    const ledger = await open();
    await expect(ledger.commit(block(), Uint8Array.of(INVALID))).rejects.toMatchObject({
      code: 'BLOCK_OUT_OF_CHAIN',
    });
    await ledger.close();
  });

  it('forgets a torn last block and takes it again', async () => {
    const { length } = await readFile(path);
    await truncate(path, length - 5);
    const ledger = await open();
    expect(ledger.height).toBe(2);
    expect(ledger.cutBytes).toBeGreaterThan(0);
    await ledger.commit(blocks[2]!, Uint8Array.of(INVALID));
    await ledger.close();
  });

  it('stops when intact records do not make a chain', async () => {
    const flags = { flags: Uint8Array.of(INVALID), commitHash: new Uint8Array(32) };
    await writeFile(path, encodeRecord(0, blocks[1]!.serialise(flags)));
    await expect(open()).rejects.toMatchObject({ code: 'BLOCK_FILE_DAMAGED' });
  });

  it('stops when the flags of a block were changed', async () => {
    const ledger = await open();
    const records = [await ledger.readBytes(0), await ledger.readBytes(1)] as const;
    await ledger.close();
    const forged = common.Block.deserializeBinary(new Uint8Array(records[1]));
    const slots = forged.getMetadata()!.getMetadataList_asU8();
    slots[2] = Uint8Array.of(0);
    forged.getMetadata()!.setMetadataList(slots);
    await writeFile(
      path,
      Buffer.concat([encodeRecord(0, records[0]), encodeRecord(1, forged.serializeBinary())]),
    );
    await expect(open()).rejects.toMatchObject({
      code: 'BLOCK_FILE_DAMAGED',
      message: expect.stringContaining('block 1') as string,
    });
  });

  it('answers for blocks that it has not', async () => {
    const ledger = await open();
    await expect(ledger.read(9)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(ledger.position('ab')).toBeUndefined();
    await ledger.close();
  });
});
