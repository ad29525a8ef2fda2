/**
 * The envelope of an endorsed transaction, and its way to the orderers. Hides that the SDK keeps both in one object, so
 * that an envelope can be stored before it is sent, and sent by another process.
 */
import { common } from '@hyperledger/fabric-protos';
import type {
  Channel,
  Committer,
  Endorsement,
  EndorsementResponse,
  IdentityContext,
} from 'fabric-common';

import type { BroadcastOutcome } from './failures.ts';

/**
 * Builds and signs.
 *
 * @param responses equal answers, at least one
 * @returns a serialised `common.Envelope`
 */
export function signedEnvelope(
  endorsement: Endorsement,
  responses: readonly EndorsementResponse[],
  context: IdentityContext,
): Uint8Array {
  // Private in the SDK: Commit.build takes the signatures of this array under the payload of its first element.
  (endorsement as unknown as { _proposalResponses: unknown })._proposalResponses = responses;
  const commit = endorsement.newCommit();
  commit.build(context);
  commit.sign(context);
  const { payload, signature } = commit.getSignedEnvelope() as {
    readonly payload: Uint8Array;
    readonly signature: Uint8Array;
  };
  const envelope = new common.Envelope();
  envelope.setPayload(new Uint8Array(payload));
  envelope.setSignature(new Uint8Array(signature));
  return envelope.serializeBinary();
}

/** Sends an envelope to every orderer of the channel (BFT orderers forward slowly); one outcome each. */
export function broadcast(
  envelope: Uint8Array,
  channel: Channel,
  timeoutMs: number,
): Promise<readonly BroadcastOutcome[]> {
  const message = common.Envelope.deserializeBinary(envelope);
  const signed = {
    payload: Buffer.from(message.getPayload_asU8()),
    signature: Buffer.from(message.getSignature_asU8()),
  };
  return Promise.all(channel.getCommitters().map((orderer) => sendTo(orderer, signed, timeoutMs)));
}

async function sendTo(
  orderer: Committer,
  signed: object,
  timeoutMs: number,
): Promise<BroadcastOutcome> {
  try {
    // The SDK answers false, and does not throw, when it can not connect.
    if (!(await orderer.checkConnection())) {
      return { kind: 'error', error: new Error(`${orderer.name} is not connected`) };
    }
    const answer = (await orderer.sendBroadcast(signed as Buffer, timeoutMs)) as {
      readonly status: string;
      readonly info?: string;
    };
    return { kind: 'status', status: answer.status, info: answer.info ?? '' };
  } catch (error) {
    return { kind: 'error', error: error instanceof Error ? error : new Error(String(error)) };
  }
}
