import { common } from '@hyperledger/fabric-protos';

import {
  assertFollows,
  OrderedBlock,
  readStoredBlock,
} from '../../../../network/src/embedded/ledger/ordered-block.ts';
import { coded } from '../../coded.ts';
import { newChain, nextBlock } from './blocks.ts';

const VERDICT = { flags: Uint8Array.of(0, 11), commitHash: Buffer.alloc(32, 1) };

describe('OrderedBlock', () => {
  it('is a Fabric block with the verdict of a peer in its metadata', () => {
    const ordered = nextBlock(undefined, 'one', 'two');
    const block = common.Block.deserializeBinary(new Uint8Array(ordered.serialise(VERDICT)));
    const slots = block.getMetadata()!.getMetadataList_asU8();
    expect(slots).toHaveLength(5);
    expect(Buffer.from(slots[0]!).toString()).toBe('signed');
    expect([...slots[2]!]).toEqual([0, 11]);
    expect(common.Metadata.deserializeBinary(slots[4]!).getValue_asU8()).toEqual(
      new Uint8Array(VERDICT.commitHash),
    );
    expect(
      block
        .getData()!
        .getDataList_asU8()
        .map((data) => Buffer.from(data).toString()),
    ).toEqual(['one', 'two']);
  });

  it('comes back as it was stored', () => {
    const ordered = nextBlock(undefined, 'one');
    const bytes = ordered.serialise(VERDICT);
    const { block, verdict } = readStoredBlock(bytes);
    expect(Buffer.compare(block.hash, ordered.hash)).toBe(0);
    expect(Buffer.compare(block.serialise(verdict), bytes)).toBe(0);
    expect(block.hasTrueDataHash()).toBe(true);
  });

  it('has no verdict when the orderer stores it', () => {
    const { verdict } = readStoredBlock(nextBlock().serialise());
    expect([verdict.flags.length, verdict.commitHash.length]).toEqual([0, 0]);
  });

  it('must have a header', () => {
    expect(() => new OrderedBlock(new common.Block())).toThrow(coded('MESSAGE_MALFORMED'));
  });
});

describe('assertFollows', () => {
  const [zero, one, two] = newChain(3) as [OrderedBlock, OrderedBlock, OrderedBlock];

  it('accepts a chain', () => {
    assertFollows(zero, 0, new Uint8Array());
    assertFollows(one, 1, zero.hash);
    expect(() => {
      assertFollows(two, 2, one.hash);
    }).not.toThrow();
  });

  it.each([
    ['a gap', two, 1, zero.hash],
    ['another previous hash', one, 1, two.hash],
    ['other data', withData(one, 'changed'), 1, zero.hash],
  ])('refuses %s', (_, block, number, previousHash) => {
    expect(() => {
      assertFollows(block, number, previousHash);
    }).toThrow(coded('BLOCK_OUT_OF_CHAIN'));
  });
});

function withData(block: OrderedBlock, text: string): OrderedBlock {
  const changed = common.Block.deserializeBinary(new Uint8Array(block.serialise()));
  changed.getData()!.setDataList([Buffer.from(text)]);
  return new OrderedBlock(changed);
}
