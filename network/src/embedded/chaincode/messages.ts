/** Frames of the chaincode stream (peer/chaincode_shim.proto). */
import { peer } from '@hyperledger/fabric-protos';

import { lengthDelimited, varintField } from '../wire/fields.ts';

const NOTHING = new Uint8Array();

export const Type = peer.ChaincodeMessage.Type;
export type MessageType = peer.ChaincodeMessage.TypeMap[keyof peer.ChaincodeMessage.TypeMap];

/** One execution on one stream: what answers are matched by. */
export interface TransactionKey {
  readonly channelId: string;
  readonly transactionId: string;
}

export function keyOf({ channelId, transactionId }: TransactionKey): string {
  return `${channelId}\0${transactionId}`;
}

/**
 * @param proposal - serialised peer.SignedProposal, for TRANSACTION.
 * @returns serialised peer.ChaincodeMessage for one execution.
 */
export function newMessage(
  type: MessageType,
  { channelId, transactionId }: TransactionKey,
  payload: Uint8Array,
  proposal?: Uint8Array,
): Uint8Array {
  return Buffer.concat([
    varintField(1, type),
    payload.length > 0 ? lengthDelimited(3, payload) : NOTHING,
    transactionId === '' ? NOTHING : lengthDelimited(4, Buffer.from(transactionId)),
    proposal ? lengthDelimited(5, proposal) : NOTHING,
    channelId === '' ? NOTHING : lengthDelimited(7, Buffer.from(channelId)),
  ]);
}

/** @returns the type's name as the specification has it, for errors. */
export function typeName(type: number): string {
  const names = Object.entries(Type).find(([, value]) => value === type);
  return names?.[0] ?? `type ${type}`;
}

/** @returns an ERROR frame in Fabric's words: what was asked, by whom, and why it failed. */
export function newRefusal(type: number, key: TransactionKey, reason: string): Uint8Array {
  const text = `${typeName(type)} failed: transaction ID: ${key.transactionId}: ${reason}`;
  return newMessage(Type.ERROR, key, Buffer.from(text));
}
