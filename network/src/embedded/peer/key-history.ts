/** The history of a key for a chaincode: positions from the index, values from the blocks, newest first. */
import { ledger as protos } from '@hyperledger/fabric-protos';

import type { RecordSource } from '../chaincode/queries.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { StoredBlock } from '../ledger/ordered-block.ts';
import type { Transaction } from '../ledger/transaction.ts';
import { required } from '../wire/messages.ts';

function modification(
  transaction: Transaction | undefined,
  namespace: string,
  key: string,
): Uint8Array {
  const set = transaction?.action?.namespaces.find((found) => found.namespace === namespace);
  const value = set?.writes.find((found) => found.key === key)?.value;
  const { transactionId, channelHeader } = required(transaction?.headers, 'headers of a write');
  const record = new protos.queryresult.KeyModification();
  record.setTxId(transactionId);
  record.setTimestamp(channelHeader.getTimestamp());
  record.setValue(value ?? '');
  record.setIsDelete(value === undefined);
  return record.serializeBinary();
}

/** @param height - blocks that the simulation sees. */
export function keyHistory(
  ledger: Ledger,
  namespace: string,
  key: string,
  height: number,
): RecordSource {
  const records = modifications(ledger, namespace, key, height);
  return {
    next: async () => {
      const { value, done } = await records.next();
      return done === true ? undefined : value;
    },
  };
}

async function* modifications(
  ledger: Ledger,
  namespace: string,
  key: string,
  height: number,
): AsyncGenerator<Uint8Array, undefined> {
  let last: { readonly number: number; readonly stored: StoredBlock } | undefined;
  for await (const position of ledger.history(namespace, key, height)) {
    const number = position.blockNumber;
    last = last?.number === number ? last : { number, stored: await ledger.read(number) };
    const transaction = last.stored.block.transactions[position.transactionNumber];
    yield modification(transaction, namespace, key);
  }
}
