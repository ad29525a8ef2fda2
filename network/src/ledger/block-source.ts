/** Blocks as the SDK's listeners deliver them, in our types. */
import './quiet-sdk.ts';

import type { BlockEvent, Network } from 'fabric-network';

import type { BlockOfEvents, BlockSource } from './event-stream.ts';

/** Full blocks from a peer of the own organisation; the SDK reconnects and goes on at the right block by itself. */
export function blockSource(network: Network, chaincode: string): BlockSource {
  return {
    async subscribe(startBlock, listener) {
      const onBlock = (block: BlockEvent): Promise<void> => {
        listener(eventsOf(block, chaincode));
        return Promise.resolve();
      };
      await network.addBlockListener(onBlock, { type: 'full', startBlock });
      return () => {
        network.removeBlockListener(onBlock);
      };
    },
  };
}

/** Events of one chaincode in the valid transactions of a block. */
export function eventsOf(block: BlockEvent, chaincode: string): BlockOfEvents {
  const blockNumber = block.blockNumber.toNumber();
  const events = block
    .getTransactionEvents()
    .filter((transaction) => transaction.isValid)
    .flatMap((transaction) =>
      transaction
        .getContractEvents()
        .filter((event) => event.chaincodeId === chaincode)
        .map((event) => ({
          blockNumber,
          transactionId: transaction.transactionId,
          name: event.eventName,
          payload: new Uint8Array(event.payload ?? []),
        })),
    );
  return { blockNumber, events };
}
