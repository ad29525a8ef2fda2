/**
 * AtomicBroadcast.Broadcast: one answer for each envelope, in order; a refusal ends the stream (Fabric, orderer/common/broadcast).
 * Only members that may write are heard, and only endorser transactions: the channel's configuration is fixed.
 */
import { common, orderer } from '@hyperledger/fabric-protos';

import type { ChannelAccess } from '../access.ts';
import { EmbeddedError, messageOf } from '../errors.ts';
import { IdentityError } from '../../membership/identity-errors.ts';
import { readHeaders, transactionIdOf, type Headers } from '../ledger/transaction.ts';
import { LIMITS } from '../limits.ts';
import type { NetworkLogger } from '../../network-logger.ts';
import type { NetworkObserver } from '../observer.ts';
import { decode } from '../wire/messages.ts';
import { writeMessage } from '../wire/outbound.ts';
import { lifeOf, messagesOf, type ByteStream } from '../wire/stream-life.ts';
import type { OrderingChain } from './chain.ts';

const { Status } = common;
type StatusCode = common.StatusMap[keyof common.StatusMap];

export interface BroadcastOptions {
  readonly channel: string;
  readonly access: ChannelAccess;
  readonly chain: OrderingChain;
  /** Ends every stream. */
  readonly closing: AbortSignal;
  readonly logger: NetworkLogger;
  readonly observer: NetworkObserver;
}

const STATUS_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(Status).map(([name, status]) => [status, name]),
);

export interface Verdict {
  readonly status: StatusCode;
  readonly info: string;
}

const STATUS_OF: Partial<Record<EmbeddedError['code'], StatusCode>> = {
  MESSAGE_MALFORMED: Status.BAD_REQUEST,
  ACCESS_DENIED: Status.FORBIDDEN,
  NOT_FOUND: Status.NOT_FOUND,
  NOT_SERVED: Status.NOT_IMPLEMENTED,
};

function refusal(error: unknown): Verdict {
  if (error instanceof IdentityError) {
    return { status: Status.FORBIDDEN, info: messageOf(error) };
  }
  const status = error instanceof EmbeddedError ? STATUS_OF[error.code] : undefined;
  return { status: status ?? Status.SERVICE_UNAVAILABLE, info: messageOf(error) };
}

export class Broadcast {
  readonly #options: BroadcastOptions;
  #streams = 0;

  constructor(options: BroadcastOptions) {
    this.#options = options;
  }

  async serve(stream: ByteStream): Promise<void> {
    const { signal, release } = lifeOf(stream, this.#options.closing);
    this.#streams++;
    try {
      for await (const envelope of messagesOf(stream)) {
        const { status, info } = this.judge(envelope);
        const response = new orderer.BroadcastResponse();
        response.setStatus(status);
        response.setInfo(info);
        await writeMessage(stream, response.serializeBinary(), signal);
        if (status !== Status.SUCCESS) {
          return;
        }
      }
    } catch (error) {
      // The client left, or the connection broke: there is nobody to tell.
      this.#options.logger.debug({ reason: messageOf(error) }, 'broadcast stream ended');
    } finally {
      this.#streams--;
      release();
      stream.end();
    }
  }

  /** Orders one serialised common.Envelope, or says why not. */
  judge(envelope: Uint8Array): Verdict {
    const start = performance.now();
    const verdict = this.#decide(envelope);
    this.#options.observer.envelope({
      status: STATUS_NAMES.get(verdict.status) ?? 'UNKNOWN',
      seconds: (performance.now() - start) / 1_000,
    });
    return verdict;
  }

  #decide(envelope: Uint8Array): Verdict {
    try {
      this.#assertRoom();
      this.#admit(envelope);
      this.#options.chain.order(envelope);
      return { status: Status.SUCCESS, info: '' };
    } catch (error) {
      const verdict = refusal(error);
      this.#options.logger.info({ ...verdict }, 'envelope refused');
      return verdict;
    }
  }

  #assertRoom(): void {
    if (this.#streams > LIMITS.broadcastStreams) {
      throw new EmbeddedError('BUSY', `expected up to ${LIMITS.broadcastStreams} streams`);
    }
  }

  #admit(bytes: Uint8Array): void {
    if (bytes.length > LIMITS.envelopeBytes) {
      throw new EmbeddedError(
        'MESSAGE_MALFORMED',
        `message payload is ${bytes.length} bytes and exceeds maximum allowed ${LIMITS.envelopeBytes} bytes`,
      );
    }
    const headers = readHeaders(decode(common.Envelope, bytes, 'Envelope'));
    this.#assertServed(headers);
    assertOwnId(headers);
    const { access } = this.#options;
    access.assertWriter(
      access.authenticate({
        creator: headers.creator,
        message: headers.payload,
        signature: headers.signature,
      }),
    );
  }

  #assertServed({ channelId, type }: Headers): void {
    if (channelId !== this.#options.channel) {
      throw new EmbeddedError('NOT_FOUND', `channel ${JSON.stringify(channelId)} does not exist`);
    }
    if (type !== common.HeaderType.ENDORSER_TRANSACTION) {
      throw new EmbeddedError(
        'NOT_SERVED',
        'the embedded network orders endorser transactions only; its configuration is fixed at the first start',
      );
    }
  }
}

/**
 * An id belongs to a creator and a nonce. Fabric marks a foreign one when it validates the block; then it already stands in the
 * index and keeps the transaction that it belongs to out. So it is refused here.
 */
function assertOwnId({ transactionId, nonce, creator }: Headers): void {
  if (transactionId !== transactionIdOf(nonce, creator)) {
    throw new EmbeddedError(
      'MESSAGE_MALFORMED',
      `expected the transaction id that nonce and creator give, got ${JSON.stringify(transactionId.slice(0, 80))}`,
    );
  }
}
