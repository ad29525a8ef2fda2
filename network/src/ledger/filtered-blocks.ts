/** Filtered blocks as peers send them: which transactions, how they were judged, which events they set. */
import { peer } from '@hyperledger/fabric-protos';

import { plainView } from '../embedded/wire/fields.ts';
import { validationCodeName } from './transaction-status.ts';

/** Peers are seldom further apart. */
const MOST_REMEMBERED = 16;

export interface FilteredBlock {
  readonly number: number;
  readonly transactions: readonly {
    readonly id: string;
    readonly code: string;
  }[];
  /** Of valid transactions. */
  readonly events: readonly { readonly chaincode: string; readonly name: string }[];
}

/** Reads each block once: what several peers send in the same bytes is known by them. */
export class FilteredBlocks {
  readonly #recent: { readonly bytes: Uint8Array; readonly block: FilteredBlock }[] = [];

  /**
   * @param bytes - serialised peer.DeliverResponse
   * @returns undefined for an answer that is no block, or none that can be read
   */
  read(bytes: Uint8Array): FilteredBlock | undefined {
    const known = this.#recent.find((one) => Buffer.compare(one.bytes, bytes) === 0);
    if (known !== undefined) return known.block;
    const block = readable(bytes);
    if (block === undefined) return undefined;
    this.#recent.unshift({ bytes, block });
    if (this.#recent.length > MOST_REMEMBERED) this.#recent.pop();
    return block;
  }
}

function readable(bytes: Uint8Array): FilteredBlock | undefined {
  try {
    return readFilteredBlock(bytes);
  } catch {
    return undefined;
  }
}

function readFilteredBlock(bytes: Uint8Array): FilteredBlock | undefined {
  const block = peer.DeliverResponse.deserializeBinary(plainView(bytes)).getFilteredBlock();
  if (block === undefined) return undefined;
  const transactions = block.getFilteredTransactionsList();
  return {
    number: block.getNumber(),
    transactions: transactions.map((transaction) => ({
      id: transaction.getTxid(),
      code: validationCodeName(transaction.getTxValidationCode()),
    })),
    events: transactions.flatMap(eventsOf),
  };
}

function eventsOf(transaction: peer.FilteredTransaction): FilteredBlock['events'] {
  if (transaction.getTxValidationCode() !== peer.TxValidationCode.VALID) return [];
  const actions = transaction.getTransactionActions()?.getChaincodeActionsList() ?? [];
  return actions.flatMap((action) => {
    const event = action.getChaincodeEvent();
    return event === undefined
      ? []
      : [{ chaincode: event.getChaincodeId(), name: event.getEventName() }];
  });
}
