/** One run of a chaincode, from TRANSACTION to COMPLETED; it ends exactly once, whatever happens to stream and chaincode. */
import { peer } from '@hyperledger/fabric-protos';

import { EmbeddedError, messageOf } from '../errors.ts';
import { decode } from '../wire/messages.ts';
import { newMessage, newRefusal, Type, type TransactionKey } from './messages.ts';
import { Operations, type ExecutionScope } from './operations.ts';

export interface ExecutionRequest extends TransactionKey {
  readonly scope: ExecutionScope;
  /** Serialised peer.ChaincodeInput. */
  readonly input: Uint8Array;
  /** Serialised peer.SignedProposal, as it came. */
  readonly proposal: Uint8Array;
  /** Ends the run before its time. */
  readonly signal?: AbortSignal | undefined;
}

export interface ExecutionOutcome {
  readonly response: peer.Response;
  readonly event: peer.ChaincodeEvent | undefined;
}

export class Execution {
  readonly #request: ExecutionRequest;
  readonly #operations: Operations;
  readonly #settled: Promise<ExecutionOutcome>;
  #resolve: (outcome: ExecutionOutcome) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #asking = false;

  constructor(request: ExecutionRequest) {
    this.#request = request;
    this.#operations = new Operations(request.scope);
    this.#settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Rejects with an EmbeddedError when there is no answer of the chaincode. */
  get settled(): Promise<ExecutionOutcome> {
    return this.#settled;
  }

  /** The frame that starts it. */
  start(): Uint8Array {
    const { input, proposal } = this.#request;
    return newMessage(Type.TRANSACTION, this.#request, input, proposal);
  }

  fail(error: EmbeddedError): void {
    this.#operations.abandon();
    this.#reject(error);
  }

  /** @returns the frame that answers, or undefined when the chaincode's message ended the run. */
  async receive(message: peer.ChaincodeMessage): Promise<Uint8Array | undefined> {
    if (message.getType() === Type.COMPLETED || message.getType() === Type.ERROR) {
      this.#end(message);
      return undefined;
    }
    if (this.#asking) {
      return this.#refusal(message.getType(), 'another request of this transaction is served');
    }
    this.#asking = true;
    try {
      const payload = await this.#operations.perform(message.getType(), message.getPayload_asU8());
      return newMessage(Type.RESPONSE, this.#request, payload);
    } catch (error) {
      return this.#refusal(message.getType(), messageOf(error));
    } finally {
      this.#asking = false;
    }
  }

  #refusal(type: number, reason: string): Uint8Array {
    return newRefusal(type, this.#request, reason);
  }

  #end(message: peer.ChaincodeMessage): void {
    this.#operations.abandon();
    if (message.getType() === Type.ERROR) {
      const text = Buffer.from(message.getPayload_asU8()).toString();
      this.#reject(
        new EmbeddedError('CHAINCODE_PROTOCOL', `transaction returned with failure: ${text}`),
      );
      return;
    }
    try {
      const response = decode(peer.Response, message.getPayload_asU8(), 'Response');
      this.#resolve({ response, event: message.getChaincodeEvent() });
    } catch (error) {
      this.#reject(new EmbeddedError('CHAINCODE_PROTOCOL', messageOf(error), { cause: error }));
    }
  }
}
