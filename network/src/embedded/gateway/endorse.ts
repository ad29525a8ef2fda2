/**
 * Gateway.Endorse: collects endorsements and makes the transaction of them, for the client to sign (Fabric, gateway/endorse).
 * Unless the client names organisations, one peer runs the transaction first; what it touched decides who else has to.
 */
import { status } from '@grpc/grpc-js';
import { gateway, type peer } from '@hyperledger/fabric-protos';

import { callOf, type Interest } from '../discovery/interest.ts';
import { messageOf } from '../errors.ts';
import type { StateView } from '../ledger/state.ts';
import type { Neighbour } from '../peer/neighbour.ts';
import { lengthDelimited } from '../wire/fields.ts';
import { decode } from '../wire/messages.ts';
import { ask, detailOf } from './asking.ts';
import { Collection } from './collecting.ts';
import { interestOf } from './interest-of-response.ts';
import { prepareTransaction } from './prepared-transaction.ts';
import { readProposed, type Proposed } from './proposed.ts';
import { invalidArgument, RpcError, type ErrorDetail } from './rpc-error.ts';
import type { Targets } from './targets.ts';

export interface EndorseOptions {
  readonly targets: Targets;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** The state of the gateway's own peer; to be released. */
  readonly view: () => StateView;
}

interface FirstAnswer {
  readonly endorser: Neighbour;
  readonly response: peer.ProposalResponse;
}

function propose(request: gateway.EndorseRequest): Proposed {
  const signed = request.getProposedTransaction();
  if (!signed || signed.getProposalBytes_asU8().length === 0) {
    throw invalidArgument('the proposed transaction must contain a signed proposal');
  }
  try {
    return readProposed(signed);
  } catch (error) {
    throw invalidArgument(messageOf(error));
  }
}

async function firstPeers(
  { channel, chaincode, hasTransientData }: Proposed,
  targets: Targets,
): Promise<readonly Neighbour[]> {
  const own = targets.isChannel(channel)
    ? await targets.forEvaluation(chaincode, [targets.own.mspId])
    : [];
  if (own.length > 0) {
    return own;
  }
  if (hasTransientData) {
    throw new RpcError(
      status.FAILED_PRECONDITION,
      "no endorsers found in the gateway's organization; retry specifying endorsing organization(s) to protect transient data",
    );
  }
  targets.assertEndorsable(channel, chaincode);
  const { groups, layouts } = await targets.forInterest([callOf(chaincode)]);
  return [...(layouts[0]?.keys() ?? [])].flatMap((group) => groups.get(group) ?? []);
}

async function askFirst(
  proposed: Proposed,
  { targets, signal }: EndorseOptions,
): Promise<FirstAnswer> {
  const details: ErrorDetail[] = [];
  for (const endorser of await firstPeers(proposed, targets)) {
    signal.throwIfAborted();
    const { response, refusal } = await ask(endorser, proposed.signed);
    if (!refusal) {
      return { endorser, response };
    }
    details.push(detailOf(endorser, refusal.message));
  }
  const text = 'failed to endorse transaction, see attached details for more info';
  throw new RpcError(status.ABORTED, text, details);
}

async function touched(
  { chaincode }: Proposed,
  { response }: FirstAnswer,
  open: () => StateView,
): Promise<Interest> {
  const view = open();
  try {
    const interest = await interestOf(response.getPayload_asU8(), view);
    return interest.length > 0 ? interest : [callOf(chaincode)];
  } finally {
    view.release();
  }
}

async function planFromFirst(proposed: Proposed, options: EndorseOptions): Promise<Collection> {
  const { targets, view, signal } = options;
  const first = await askFirst(proposed, options);
  const { height } = first.endorser;
  const interest = await touched(proposed, first, view);
  const layouts = await targets.forInterest(interest, first.endorser.mspId);
  const collection = new Collection({ ...proposed, height, signal }, layouts);
  collection.take(first.endorser, first.response);
  return collection;
}

async function planFor(
  { channel, chaincode, signed }: Proposed,
  { targets, signal }: EndorseOptions,
  organisations: readonly string[],
): Promise<Collection> {
  const known = targets.isChannel(channel);
  const plan = await targets.ofOrganisations(chaincode, organisations);
  const missing = known ? plan.missing : organisations;
  if (missing.length > 0) {
    throw new RpcError(
      status.UNAVAILABLE,
      `failed to find any endorsing peers for org(s): ${missing.join(', ')}`,
    );
  }
  return new Collection({ signed, height: targets.own.height, signal }, plan);
}

/**
 * @param message - serialised gateway.EndorseRequest.
 * @returns serialised gateway.EndorseResponse.
 * @throws {@link RpcError}; the signal's reason
 */
export async function endorse(message: Uint8Array, options: EndorseOptions): Promise<Uint8Array> {
  const request = decode(gateway.EndorseRequest, message, 'EndorseRequest');
  const proposed = propose(request);
  const organisations = request.getEndorsingOrganizationsList();
  const collection =
    organisations.length > 0
      ? await planFor(proposed, options, organisations)
      : await planFromFirst(proposed, options);
  const endorsed = await collection.collect();
  if (!endorsed) {
    throw new RpcError(
      status.ABORTED,
      'failed to collect enough transaction endorsements, see attached details for more info',
      collection.details,
    );
  }
  const { responsePayload, endorsements } = endorsed;
  return lengthDelimited(1, prepareTransaction(proposed, responsePayload, endorsements));
}
