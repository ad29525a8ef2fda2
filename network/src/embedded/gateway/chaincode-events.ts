/**
 * Gateway.ChaincodeEvents: a chaincode's events block by block, from a block or after a transaction on (Fabric,
 * gateway/chaincodeevents). Blocks without such events are left out; only valid transactions emit any.
 */
import { gateway, orderer, peer } from '@hyperledger/fabric-protos';

import type { ChannelAccess } from '../access.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { StoredBlock } from '../ledger/ordered-block.ts';
import { decode } from '../wire/messages.ts';
import { invalidArgument } from './rpc-error.ts';
import { assertReader, parse } from './signed-reads.ts';

export interface EventsOptions {
  readonly access: ChannelAccess;
  readonly channel: string;
  readonly ledger: Ledger;
}

const { TypeCase } = orderer.SeekPosition;
const VALID = peer.TxValidationCode.VALID;

function readRequest(message: Uint8Array, options: EventsOptions): gateway.ChaincodeEventsRequest {
  const signed = decode(
    gateway.SignedChaincodeEventsRequest,
    message,
    'SignedChaincodeEventsRequest',
  );
  const bytes = signed.getRequest_asU8();
  if (bytes.length === 0) {
    throw invalidArgument('a chaincode events request is required');
  }
  const request = parse('chaincode events', () =>
    decode(gateway.ChaincodeEventsRequest, bytes, 'ChaincodeEventsRequest'),
  );
  assertReader(request, signed, options);
  return request;
}

function startOf(request: gateway.ChaincodeEventsRequest, ledger: Ledger): number {
  const after = request.getAfterTransactionId();
  const position = after === '' ? undefined : ledger.position(after);
  return position?.blockNumber ?? startOfSeek(request.getStartPosition(), ledger);
}

function startOfSeek(seek: orderer.SeekPosition | undefined, ledger: Ledger): number {
  const kind = seek?.getTypeCase() ?? TypeCase.TYPE_NOT_SET;
  if (kind === TypeCase.SPECIFIED) {
    return seek?.getSpecified()?.getNumber() ?? 0;
  }
  if (kind !== TypeCase.TYPE_NOT_SET && kind !== TypeCase.NEXT_COMMIT) {
    throw invalidArgument('invalid start position type: expected a block number or next commit');
  }
  return ledger.height;
}

function eventsOf({ block, verdict }: StoredBlock): readonly peer.ChaincodeEvent[] {
  return block.transactions.flatMap(({ action }, index) => {
    const event = verdict.flags[index] === VALID ? action?.event : undefined;
    const complete = event && event.getEventName() !== '' && event.getTxId() !== '';
    return complete ? [event] : [];
  });
}

/** Lets events of one chaincode through; after a transaction, from the one behind it. */
class EventFilter {
  readonly #chaincode: string;
  #after: string;

  constructor(request: gateway.ChaincodeEventsRequest) {
    this.#chaincode = request.getChaincodeId();
    this.#after = request.getAfterTransactionId();
  }

  passes(event: peer.ChaincodeEvent): boolean {
    if (this.#after !== '') {
      if (event.getTxId() === this.#after) {
        this.#after = '';
      }
      return false;
    }
    return event.getChaincodeId() === this.#chaincode;
  }
}

/**
 * @param message - serialised gateway.SignedChaincodeEventsRequest.
 * @param send - gets serialised gateway.ChaincodeEventsResponse, and resolves when the client takes more.
 * @throws RpcError; the signal's reason when it aborts.
 */
export async function chaincodeEvents(
  message: Uint8Array,
  options: EventsOptions,
  signal: AbortSignal,
  send: (response: Uint8Array) => Promise<void>,
): Promise<never> {
  const { ledger } = options;
  const request = readRequest(message, options);
  const filter = new EventFilter(request);
  for (let number = startOf(request, ledger); ; number++) {
    await ledger.reach(number, signal);
    const events = eventsOf(await ledger.read(number)).filter((event) => filter.passes(event));
    if (events.length > 0) {
      const response = new gateway.ChaincodeEventsResponse();
      response.setBlockNumber(number);
      response.setEventsList([...events]);
      await send(response.serializeBinary());
    }
  }
}
