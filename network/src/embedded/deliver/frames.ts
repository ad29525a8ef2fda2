/** DeliverResponse messages around blocks that are serialised already, and filtered blocks. */
import { common, peer } from '@hyperledger/fabric-protos';

import { BlockCache } from '../ledger/block-cache.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { StoredBlock } from '../ledger/ordered-block.ts';
import type { Transaction, ValidationCode } from '../ledger/transaction.ts';
import { lengthDelimited } from '../wire/fields.ts';
import type { BlockSource } from './deliver.ts';

const BLOCK_FIELD = 2;
const FILTERED_BLOCK_FIELD = 3;
const BLOCK_AND_PRIVATE_DATA_FIELD = 4;

/** @returns DeliverResponse{block}, the same for orderer and peer. */
export function blockFrame(block: Uint8Array): Uint8Array {
  return lengthDelimited(BLOCK_FIELD, block);
}

/** Private data does not exist here: the map is empty. */
export function privateDataFrame(block: Uint8Array): Uint8Array {
  return lengthDelimited(BLOCK_AND_PRIVATE_DATA_FIELD, lengthDelimited(1, block));
}

/** An event in a filtered block names chaincode, transaction and event, without the payload. */
function filteredActions(transaction: Transaction): peer.FilteredTransactionActions {
  const actions = new peer.FilteredTransactionActions();
  const { action } = transaction;
  if (action) {
    const chaincodeAction = new peer.FilteredChaincodeAction();
    if (action.event) {
      const event = action.event.clone();
      event.setPayload('');
      chaincodeAction.setChaincodeEvent(event);
    }
    actions.addChaincodeActions(chaincodeAction);
  }
  return actions;
}

function filteredTransaction(
  transaction: Transaction,
  code: ValidationCode,
): peer.FilteredTransaction {
  const filtered = new peer.FilteredTransaction();
  const type = transaction.headers?.type ?? common.HeaderType.MESSAGE;
  filtered.setTxid(transaction.headers?.transactionId ?? '');
  filtered.setType(type as common.HeaderTypeMap[keyof common.HeaderTypeMap]);
  filtered.setTxValidationCode(code);
  if (type === common.HeaderType.ENDORSER_TRANSACTION) {
    filtered.setTransactionActions(filteredActions(transaction));
  }
  return filtered;
}

/** @returns DeliverResponse{filtered_block} */
export function filteredFrame(channel: string, { block, verdict }: StoredBlock): Uint8Array {
  const filtered = new peer.FilteredBlock();
  filtered.setChannelId(channel);
  filtered.setNumber(block.number);
  filtered.setFilteredTransactionsList(
    block.transactions.map((transaction, index) =>
      filteredTransaction(
        transaction,
        (verdict.flags[index] ?? peer.TxValidationCode.NOT_VALIDATED) as ValidationCode,
      ),
    ),
  );
  return lengthDelimited(FILTERED_BLOCK_FIELD, filtered.serializeBinary());
}

function source(ledger: Ledger, frame: (number: number) => Promise<Uint8Array>): BlockSource {
  return {
    get height() {
      return ledger.height;
    },
    reach: (number, signal) => ledger.reach(number, signal),
    frame,
  };
}

export function fullBlocks(ledger: Ledger): BlockSource {
  return source(ledger, async (number) => blockFrame(await ledger.readBytes(number)));
}

export function blocksWithPrivateData(ledger: Ledger): BlockSource {
  return source(ledger, async (number) => privateDataFrame(await ledger.readBytes(number)));
}

/** Filtered blocks are made once for all who listen. */
export function filteredBlocks(ledger: Ledger, channel: string): BlockSource {
  const cache = new BlockCache();
  return source(ledger, async (number) => {
    const known = cache.get(number);
    if (known) {
      return known;
    }
    const frame = filteredFrame(channel, await ledger.read(number));
    cache.put(number, frame);
    return frame;
  });
}
