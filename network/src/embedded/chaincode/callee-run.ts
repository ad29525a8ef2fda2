/**
 * Calls from one chaincode to another (INVOKE_CHAINCODE): the callee is named `name[:version][/channel]`, and its whole COMPLETED
 * message goes back to the caller. What it answers is the caller's to judge; its event is nobody's, as in Fabric.
 */
import { peer } from '@hyperledger/fabric-protos';

import { EmbeddedError } from '../errors.ts';
import { required } from '../wire/messages.ts';
import { Type } from './messages.ts';

/** Whom a chaincode wants to call, and with what. */
export interface ChaincodeCall {
  readonly chaincode: string;
  /** '' for the caller's own channel. */
  readonly channelId: string;
  readonly input: peer.ChaincodeInput;
  /** Aborted when the caller has ended. */
  readonly signal: AbortSignal;
}

export type CallChaincode = (call: ChaincodeCall) => Promise<peer.Response>;

/** Takes `name[:version][/channel]` apart; the version is ignored, as Fabric does. */
export function readCalleeName(text: string): {
  readonly chaincode: string;
  readonly channelId: string;
} {
  const slash = text.indexOf('/');
  const [name, channelId] = slash < 0 ? [text, ''] : [text.slice(0, slash), text.slice(slash + 1)];
  return { chaincode: name.split(':', 1).join(), channelId };
}

/** What one execution has called; one callee at a time, since a chaincode has one question at a time. */
export class CalleeRun {
  readonly #call: CallChaincode;
  #running: AbortController | undefined;

  constructor(call: CallChaincode) {
    this.#call = call;
  }

  /** @returns serialised peer.ChaincodeMessage. */
  async start(spec: peer.ChaincodeSpec): Promise<Uint8Array> {
    const running = new AbortController();
    this.#running = running;
    const response = await this.#call({
      ...readCalleeName(spec.getChaincodeId()?.getName() ?? ''),
      input: required(spec.getInput(), 'an input in the chaincode spec'),
      signal: running.signal,
    });
    const message = new peer.ChaincodeMessage();
    message.setType(Type.COMPLETED);
    message.setPayload(response.serializeBinary());
    return message.serializeBinary();
  }

  abandon(): void {
    this.#running?.abort(
      new EmbeddedError('CHAINCODE_TIMEOUT', 'the chaincode that called has ended'),
    );
  }
}
