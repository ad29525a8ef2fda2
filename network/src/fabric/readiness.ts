/** Waits until every peer answers a call of the chaincode, and knows of all others that can. */
import { messageOf } from '../errors.ts';
import { waitFor, type Patience } from './patience.ts';
import type { PeerCalls } from './peer-calls.ts';

/** Every contract of fabric-contract-api has it; any answer of the chaincode's own will do. */
const QUERY: readonly string[] = ['org.hyperledger.fabric:GetMetadata'];

export interface ReadinessOptions {
  readonly channel: string;
  readonly chaincode: string;
  /** Number of peers that are to be known. */
  readonly peers: number;
}

/** @returns what is missing, undefined when nothing is */
async function lackOf(
  calls: PeerCalls,
  { channel, chaincode, peers }: ReadinessOptions,
): Promise<string | undefined> {
  try {
    const { payload, response } = await calls.evaluate({ channel, chaincode, args: QUERY });
    // A refusal of the chaincode's has one; the peer's own, when it does not reach the chaincode, has none.
    if (payload.length === 0) return response.message;
    const known = await calls.endorsers(channel, chaincode);
    return known >= peers ? undefined : `it knows of ${known} of ${peers} peers that endorse`;
  } catch (error) {
    return messageOf(error); // the peer is about to come up
  }
}

/** @throws {@link FabricError} NOT_IN_TIME, CLOSED */
export function untilAnswered(
  calls: PeerCalls,
  options: ReadinessOptions,
  patience: Patience,
): Promise<void> {
  return waitFor(
    `${calls.name} does not answer for ${options.chaincode}`,
    () => lackOf(calls, options),
    patience,
  );
}
