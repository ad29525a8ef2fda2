/** Blocks of a chain for tests; their envelopes need not mean anything. */
import { common } from '@hyperledger/fabric-protos';

import { newBlock, setBlockMetadata } from '../../../../network/src/embedded/block.ts';
import { OrderedBlock } from '../../../../network/src/embedded/ledger/ordered-block.ts';

export function nextBlock(previous?: OrderedBlock, ...envelopes: readonly string[]): OrderedBlock {
  const number = previous ? previous.number + 1 : 0;
  const block = newBlock(
    number,
    previous?.hash ?? new Uint8Array(),
    (envelopes.length > 0 ? envelopes : [`envelope ${number}`]).map((text) => Buffer.from(text)),
  );
  setBlockMetadata(block, common.BlockMetadataIndex.SIGNATURES, Buffer.from('signed'));
  return new OrderedBlock(block);
}

export function newChain(count: number): readonly OrderedBlock[] {
  const blocks: OrderedBlock[] = [];
  for (let number = 0; number < count; number++) {
    blocks.push(nextBlock(blocks.at(-1)));
  }
  return blocks;
}
