/** What an observer is told of the transactions of a block, as values that are few however strange the block is. */
import { common, peer } from '@hyperledger/fabric-protos';

import type { OrderedBlock } from '../ledger/ordered-block.ts';
import type { TransactionFacts } from '../observer.ts';

const { VALID } = peer.TxValidationCode;
const CODE_NAMES = namesOf(peer.TxValidationCode);
const TYPE_NAMES = namesOf(common.HeaderType);

function namesOf(values: object): ReadonlyMap<number, string> {
  return new Map(Object.entries(values).map(([name, value]) => [Number(value), name]));
}

/** @param flags - one validation code a transaction. */
export function transactionFacts(
  block: OrderedBlock,
  flags: Uint8Array,
): readonly TransactionFacts[] {
  return block.transactions.map(({ headers, action }, index) => {
    const code = flags[index] ?? peer.TxValidationCode.NOT_VALIDATED;
    return {
      type: TYPE_NAMES.get(headers?.type ?? -1) ?? 'UNKNOWN',
      chaincode: code === VALID ? action?.chaincode : undefined,
      code: CODE_NAMES.get(code) ?? 'UNKNOWN',
    };
  });
}
