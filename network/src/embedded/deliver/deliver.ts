/**
 * Streams of blocks, for orderer and peers alike (Fabric, common/deliver). A client may seek again after a status SUCCESS; its
 * half-close ends the stream only when no seek is running. Memory is bounded: one block a stream, the next when it was taken.
 */
import { common } from '@hyperledger/fabric-protos';

import type { ChannelAccess } from '../access.ts';
import { EmbeddedError, messageOf } from '../errors.ts';
import { IdentityError } from '../../membership/identity-errors.ts';
import { LIMITS } from '../limits.ts';
import type { NetworkLogger } from '../../network-logger.ts';
import { varintField } from '../wire/fields.ts';
import { writeMessage } from '../wire/outbound.ts';
import { lifeOf, messagesOf, type ByteStream } from '../wire/stream-life.ts';
import { rangeOf, readSeekRequest, type SeekRequest } from './seek.ts';

const { Status } = common;
type StatusCode = common.StatusMap[keyof common.StatusMap];

/** Serialised DeliverResponse messages in the form that a service promises. */
export interface BlockSource {
  readonly height: number;
  reach(number: number, signal: AbortSignal): Promise<void>;
  /** @returns serialised DeliverResponse for one block. */
  frame(number: number): Promise<Uint8Array>;
}

export interface DeliverOptions {
  readonly channel: string;
  readonly access: ChannelAccess;
  /** Ends every stream. */
  readonly closing: AbortSignal;
  readonly logger: NetworkLogger;
}

function statusFor(error: unknown): StatusCode {
  if (error instanceof IdentityError) {
    return Status.FORBIDDEN;
  }
  const code = error instanceof EmbeddedError ? error.code : undefined;
  switch (code) {
    case 'MESSAGE_MALFORMED':
      return Status.BAD_REQUEST;
    case 'ACCESS_DENIED':
      return Status.FORBIDDEN;
    case 'NOT_FOUND':
      return Status.NOT_FOUND;
    default:
      return Status.INTERNAL_SERVER_ERROR;
  }
}

export class Deliver {
  readonly #options: DeliverOptions;
  #streams = 0;

  constructor(options: DeliverOptions) {
    this.#options = options;
  }

  /** Serves one stream until the client leaves or a request fails. */
  async serve(stream: ByteStream, source: BlockSource): Promise<void> {
    const { signal, release } = lifeOf(stream, this.#options.closing);
    this.#streams++;
    try {
      await this.#answerAll(stream, source, signal);
    } catch (error) {
      // The client left, or the connection broke: there is nobody to tell.
      this.#options.logger.debug({ reason: messageOf(error) }, 'deliver stream ended');
    } finally {
      this.#streams--;
      release();
      stream.end();
    }
  }

  async #answerAll(stream: ByteStream, source: BlockSource, signal: AbortSignal): Promise<void> {
    if (this.#streams > LIMITS.deliverStreams) {
      await this.#sendStatus(stream, Status.SERVICE_UNAVAILABLE, signal);
      return;
    }
    for await (const envelope of messagesOf(stream)) {
      const status = await this.#answer(envelope, stream, source, signal);
      await this.#sendStatus(stream, status, signal);
      if (status !== Status.SUCCESS) {
        return;
      }
    }
  }

  async #answer(
    envelope: Uint8Array,
    stream: ByteStream,
    source: BlockSource,
    signal: AbortSignal,
  ): Promise<StatusCode> {
    try {
      const request = readSeekRequest(envelope);
      this.#admit(request);
      await send(request, stream, source, signal);
      return Status.SUCCESS;
    } catch (error) {
      signal.throwIfAborted();
      this.#options.logger.info({ reason: messageOf(error) }, 'deliver request refused');
      return statusFor(error);
    }
  }

  #admit({ headers }: SeekRequest): void {
    if (headers.channelId !== this.#options.channel) {
      throw new EmbeddedError(
        'NOT_FOUND',
        `channel ${JSON.stringify(headers.channelId)} not found`,
      );
    }
    const { access } = this.#options;
    access.assertReader(
      access.authenticate({
        creator: headers.creator,
        message: headers.payload,
        signature: headers.signature,
      }),
    );
  }

  #sendStatus(stream: ByteStream, status: StatusCode, signal: AbortSignal): Promise<void> {
    return writeMessage(stream, varintField(1, status), signal);
  }
}

async function send(
  request: SeekRequest,
  stream: ByteStream,
  source: BlockSource,
  signal: AbortSignal,
): Promise<void> {
  const { first, last } = rangeOf(request, source.height);
  // The last number may be MaxUint64, which is no safe integer: it is compared, never counted with.
  for (let number = first; number <= last; number++) {
    if (!request.wait && number >= source.height) {
      throw new EmbeddedError('NOT_FOUND', `block ${number} not found`);
    }
    await source.reach(number, signal);
    await writeMessage(stream, await source.frame(number), signal);
  }
}
