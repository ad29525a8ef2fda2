/**
 * A peer's link to one chaincode server (chaincode as a service). The peer dials on the first call, over a connection of its own,
 * and dials again after the stream broke. KEEPALIVE is never sent: the shim ends its process on it.
 */
import type { peer } from '@hyperledger/fabric-protos';

import { EmbeddedError, messageOf } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { SILENT, type NetworkLogger } from '../../network-logger.ts';
import { dial, type ChaincodeStream, type DialOptions } from './dial.ts';
import { Execution, type ExecutionOutcome, type ExecutionRequest } from './execution.ts';
import { keyOf, newRefusal, Type, typeName } from './messages.ts';

export interface LinkOptions extends DialOptions {
  /** @default 30_000 */
  readonly executionTimeoutMs?: number;
  readonly logger?: NetworkLogger;
}

export class ChaincodeLink {
  readonly #options: LinkOptions;
  readonly #logger: NetworkLogger;
  readonly #executions = new Map<string, Execution>();
  #stream: Promise<ChaincodeStream> | undefined;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#logger = options.logger ?? SILENT;
  }

  /**
   * Runs a transaction in the chaincode.
   *
   * @throws {@link EmbeddedError} CHAINCODE_UNAVAILABLE, CHAINCODE_TIMEOUT, CHAINCODE_PROTOCOL, BUSY, CLOSED
   */
  async execute(request: ExecutionRequest): Promise<ExecutionOutcome> {
    this.#assertRoom(request);
    const execution = new Execution(request);
    const key = keyOf(request);
    this.#executions.set(key, execution);
    const timeoutMs = this.#options.executionTimeoutMs ?? LIMITS.executionTimeoutMs;
    const timer = setTimeout(() => {
      execution.fail(
        new EmbeddedError(
          'CHAINCODE_TIMEOUT',
          `timeout expired while executing transaction: ${timeoutMs} ms`,
        ),
      );
    }, timeoutMs);
    const abort = (): void => {
      execution.fail(new EmbeddedError('CHAINCODE_TIMEOUT', messageOf(request.signal?.reason)));
    };
    request.signal?.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([this.#begin(execution), execution.settled]);
      return await execution.settled;
    } finally {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', abort);
      this.#executions.delete(key);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const stream = this.#stream;
    this.#drop(new EmbeddedError('CLOSED', 'the peer is closing'));
    (await stream?.catch(() => undefined))?.close();
  }

  #assertRoom(request: ExecutionRequest): void {
    if (this.#closed) {
      throw new EmbeddedError('CLOSED', 'the peer is closing');
    }
    request.signal?.throwIfAborted();
    if (this.#executions.size >= LIMITS.executions) {
      throw new EmbeddedError(
        'BUSY',
        `expected up to ${LIMITS.executions} executions at a time; try again later`,
      );
    }
    if (this.#executions.has(keyOf(request))) {
      const { transactionId, channelId } = request;
      throw new EmbeddedError('BUSY', `txid: ${transactionId}(${channelId}) exists`);
    }
  }

  async #begin(execution: Execution): Promise<void> {
    const stream = await this.#connect();
    stream.send(execution.start());
  }

  #connect(): Promise<ChaincodeStream> {
    this.#stream ??= this.#dial();
    return this.#stream;
  }

  async #dial(): Promise<ChaincodeStream> {
    try {
      const stream = await dial(this.#options);
      this.#logger.info({ chaincode: this.#options.packageId }, 'chaincode registered');
      stream.listen(
        (message) => void this.#receive(stream, message),
        (reason) => {
          this.#logger.warn(
            { chaincode: this.#options.packageId, reason },
            'chaincode stream ended',
          );
          this.#drop(
            new EmbeddedError('CHAINCODE_UNAVAILABLE', `chaincode stream terminated: ${reason}`),
          );
        },
      );
      return stream;
    } catch (error) {
      this.#stream = undefined;
      throw error;
    }
  }

  /** Forgets the stream; the next call dials again. What was running on it has failed. */
  #drop(error: EmbeddedError): void {
    this.#stream = undefined;
    for (const execution of this.#executions.values()) {
      execution.fail(error);
    }
  }

  async #receive(stream: ChaincodeStream, message: peer.ChaincodeMessage): Promise<void> {
    const key = { channelId: message.getChannelId(), transactionId: message.getTxid() };
    const execution = this.#executions.get(keyOf(key));
    if (execution) {
      const answer = await execution.receive(message);
      if (answer) {
        stream.send(answer);
      }
      return;
    }
    // An execution that timed out goes on in the chaincode: its requests must fail there, or they would wait for ever.
    const type = message.getType();
    this.#logger.debug({ ...key, type: typeName(type) }, 'message of no running execution');
    if (type !== Type.COMPLETED && type !== Type.ERROR) {
      stream.send(newRefusal(type, key, 'no ledger context'));
    }
  }
}
