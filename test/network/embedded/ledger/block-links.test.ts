import { BlockLinks } from '../../../../network/src/embedded/ledger/block-links.ts';
import { BlockOffsets } from '../../../../network/src/embedded/ledger/block-offsets.ts';
import { newChain, nextBlock } from './blocks.ts';

describe('BlockLinks', () => {
  const blocks = newChain(3).map((block) => block.serialise());
  let links: BlockLinks;

  beforeEach(() => {
    links = new BlockLinks({ path: 'blocks', remedy: 'delete it' });
  });

  it('follows a chain', () => {
    expect(() => {
      blocks.forEach((bytes, number) => {
        links.follow(bytes, number);
      });
    }).not.toThrow();
  });

  it.each([
    ['of another number', blocks[2]!],
    ['of another chain', nextBlock(nextBlock(undefined, 'other')).serialise()],
    ['that does not parse', Buffer.from('0a05ffffffffff', 'hex')],
    ['that is none', Buffer.from('text')],
    ['that is empty', new Uint8Array()],
  ])('stops at a block %s, and says which', (_, bytes) => {
    links.follow(blocks[0]!, 0);
    expect(() => {
      links.follow(bytes, 1);
    }).toThrow(
      expect.objectContaining({
        code: 'BLOCK_FILE_DAMAGED',
        message: 'block 1 in blocks does not fit the block before it; delete it',
      }) as Error,
    );
  });
});

describe('BlockOffsets', () => {
  it('keeps as many as there are', () => {
    const offsets = new BlockOffsets();
    for (let number = 0; number < 5_000; number++) {
      offsets.push(number * 2 ** 33);
    }
    expect(offsets.count).toBe(5_000);
    expect(offsets.at(4_999)).toBe(4_999 * 2 ** 33);
    expect(offsets.at(5_000)).toBeUndefined();
  });
});
