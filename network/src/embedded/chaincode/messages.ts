/** Frames of the chaincode stream (peer/chaincode_shim.proto). */
import { peer } from '@hyperledger/fabric-protos';

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

/** @returns a frame for one execution. */
export function newMessage(
  type: MessageType,
  key: TransactionKey,
  payload: Uint8Array,
): peer.ChaincodeMessage {
  const message = new peer.ChaincodeMessage();
  message.setType(type);
  message.setChannelId(key.channelId);
  message.setTxid(key.transactionId);
  message.setPayload(payload);
  return message;
}

/** @returns the type's name as the specification has it, for errors. */
export function typeName(type: number): string {
  const names = Object.entries(Type).find(([, value]) => value === type);
  return names?.[0] ?? `type ${type}`;
}

/** @returns an ERROR frame in Fabric's words: what was asked, by whom, and why it failed. */
export function newRefusal(
  type: number,
  key: TransactionKey,
  reason: string,
): peer.ChaincodeMessage {
  const text = `${typeName(type)} failed: transaction ID: ${key.transactionId}: ${reason}`;
  return newMessage(Type.ERROR, key, Buffer.from(text));
}
