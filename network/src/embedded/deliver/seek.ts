/** A client's request for blocks: a signed envelope of type DELIVER_SEEK_INFO with orderer.SeekInfo inside. */
import { common, orderer } from '@hyperledger/fabric-protos';

import { EmbeddedError } from '../errors.ts';
import { readHeaders, type Headers } from '../ledger/transaction.ts';
import { decode, required } from '../wire/messages.ts';

const { TypeCase } = orderer.SeekPosition;

export interface SeekRequest {
  readonly headers: Headers;
  readonly start: orderer.SeekPosition;
  readonly stop: orderer.SeekPosition;
  /** Whether to wait for blocks that do not exist yet. */
  readonly wait: boolean;
}

/** First and last block to send; the last one may be far away. */
export interface SeekRange {
  readonly first: number;
  readonly last: number;
}

/** @throws {@link EmbeddedError} MESSAGE_MALFORMED */
export function readSeekRequest(envelope: Uint8Array): SeekRequest {
  const headers = readHeaders(decode(common.Envelope, envelope, 'Envelope'));
  const info = decode(orderer.SeekInfo, headers.data, 'SeekInfo');
  return {
    headers,
    start: required(info.getStart(), 'a start in SeekInfo'),
    stop: required(info.getStop(), 'a stop in SeekInfo'),
    wait: info.getBehavior() === orderer.SeekInfo.SeekBehavior.BLOCK_UNTIL_READY,
  };
}

function startOf(position: orderer.SeekPosition, height: number): number {
  switch (position.getTypeCase()) {
    case TypeCase.OLDEST:
      return 0;
    case TypeCase.NEWEST:
      return height - 1;
    case TypeCase.SPECIFIED:
      return position.getSpecified()?.getNumber() ?? 0;
    case TypeCase.NEXT_COMMIT:
      return height;
    default:
      throw new EmbeddedError('MESSAGE_MALFORMED', 'expected a position in SeekInfo, got none');
  }
}

function stopOf(position: orderer.SeekPosition, height: number, first: number): number {
  // Oldest as a stop means the block where the client starts, as in Fabric.
  return position.getTypeCase() === TypeCase.OLDEST ? first : startOf(position, height);
}

/**
 * @param height - number of blocks there are.
 * @throws {@link EmbeddedError} MESSAGE_MALFORMED when the stop is before the start.
 */
export function rangeOf(request: SeekRequest, height: number): SeekRange {
  const first = startOf(request.start, height);
  const last = stopOf(request.stop, height, first);
  if (last < first) {
    throw new EmbeddedError(
      'MESSAGE_MALFORMED',
      `expected a stop from ${first} on in SeekInfo, got ${last}`,
    );
  }
  return { first, last };
}
