/**
 * What peers say of a transaction that may stand in a block already: asked where orderers gave no clear answer, or no block told of
 * it. One peer alone may lie, so it counts when as many say it as a commit needs.
 */
import { common } from '@hyperledger/fabric-protos';

import { plainView } from '../embedded/wire/fields.ts';
import { firstTrue } from './first-true.ts';
import type { TransactionOutcome } from './ledger.ts';
import type { PeerNode } from './nodes.ts';
import { validationCodeName } from './transaction-status.ts';

const { TRANSACTIONS_FILTER } = common.BlockMetadataIndex;

export interface SettledQuestion {
  readonly transactionId: string;
  readonly peers: readonly PeerNode[];
  /** @returns what `qscc` GetBlockByTxID answers at a peer. @throws when it has no such block, or does not answer */
  readonly blockAt: (peer: PeerNode) => Promise<Uint8Array>;
  /** Whether what these organisations say together is to be believed. */
  readonly suffices: (mspIds: ReadonlySet<string>) => boolean;
}

/** @returns undefined when it is not known to enough of them (yet) */
export async function askSettled(
  question: SettledQuestion,
): Promise<TransactionOutcome | undefined> {
  const { transactionId, peers, blockAt, suffices } = question;
  const said = new Map<
    string,
    { readonly outcome: TransactionOutcome; readonly by: Set<string> }
  >();
  const enough = (): TransactionOutcome | undefined =>
    [...said.values()].find(({ by }) => suffices(by))?.outcome;
  const answers = peers.map(async (node) => {
    const outcome = outcomeIn(await blockAt(node), transactionId);
    if (outcome === undefined) return;
    const key = `${outcome.code} ${outcome.blockNumber}`;
    const known = said.get(key) ?? { outcome, by: new Set() };
    said.set(key, known);
    known.by.add(node.mspId);
  });
  await firstTrue(answers, () => enough() !== undefined);
  return enough();
}

/**
 * @param bytes - serialised common.Block
 * @returns what became of the first transaction of that id, undefined when there is none
 */
export function outcomeIn(
  bytes: Uint8Array,
  transactionId: string,
): TransactionOutcome | undefined {
  const block = common.Block.deserializeBinary(plainView(bytes));
  const index = (block.getData()?.getDataList_asU8() ?? []).findIndex(
    (envelope) => transactionIdOf(envelope) === transactionId,
  );
  const flags = block.getMetadata()?.getMetadataList_asU8()[TRANSACTIONS_FILTER];
  const flag = flags?.[index];
  const blockNumber = block.getHeader()?.getNumber();
  if (flag === undefined || blockNumber === undefined) return undefined;
  return { code: validationCodeName(flag), blockNumber };
}

/** Empty for what cannot be read: a block holds whatever was ordered. */
function transactionIdOf(bytes: Uint8Array): string {
  try {
    const envelope = common.Envelope.deserializeBinary(plainView(bytes));
    const header = common.Payload.deserializeBinary(envelope.getPayload_asU8()).getHeader();
    const channelHeader = header?.getChannelHeader_asU8() ?? new Uint8Array();
    return common.ChannelHeader.deserializeBinary(channelHeader).getTxId();
  } catch {
    return '';
  }
}
