/**
 * discovery.Discovery of one peer (Fabric, discovery/service): a signed request with several queries, each of which is answered or
 * refused by itself. The channel's writers may ask about the channel; about the peer itself only its organisation's admins.
 * Unlike real peers it does not tie the request to the client's TLS certificate, which it does not ask for.
 */
import { status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { discovery } from '@hyperledger/fabric-protos';

import type { ChannelAccess } from '../access.ts';
import { EmbeddedError, messageOf } from '../errors.ts';
import { IdentityError } from '../../membership/identity-errors.ts';
import { LIMITS } from '../limits.ts';
import type { NetworkLogger } from '../../network-logger.ts';
import type { Identity } from '../msp.ts';
import { decode } from '../wire/messages.ts';
import { DISCOVERY, type Service } from '../wire/services.ts';
import {
  channelConfig,
  channelPeers,
  endorsers,
  localPeers,
  type QueryOptions,
} from './queries.ts';

export interface DiscoveryOptions extends QueryOptions {
  readonly access: ChannelAccess;
  readonly logger: NetworkLogger;
}

interface SignedQueries {
  readonly queries: readonly discovery.Query[];
  /** Who asks; undefined when the signature is not a member's. */
  readonly caller: Identity | undefined;
}

const { QueryCase } = discovery.Query;

function refused(reason: string): discovery.QueryResult {
  const error = new discovery.Error();
  error.setContent(reason);
  const result = new discovery.QueryResult();
  result.setError(error);
  return result;
}

function malformed(reason: string): EmbeddedError {
  return new EmbeddedError('MESSAGE_MALFORMED', reason);
}

function assertSize(queries: readonly discovery.Query[]): void {
  const chaincodes = queries.flatMap((query) => [
    ...(query.getPeerQuery()?.getFilter()?.getChaincodesList() ?? []),
    ...(query.getCcQuery()?.getInterestsList() ?? []).flatMap((interest) =>
      interest.getChaincodesList(),
    ),
  ]);
  const policies = chaincodes.flatMap((call) => call.getKeyPoliciesList());
  const { discoveryQueries, discoveryChaincodes } = LIMITS;
  if (
    queries.length > discoveryQueries ||
    chaincodes.length + policies.length > discoveryChaincodes
  ) {
    throw malformed(
      `expected up to ${discoveryQueries} queries about ${discoveryChaincodes} chaincodes and key policies, got ${queries.length} about ${chaincodes.length} and ${policies.length}`,
    );
  }
}

class Discovery {
  readonly #options: DiscoveryOptions;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  /**
   * @param message - serialised discovery.SignedRequest.
   * @returns serialised discovery.Response.
   * @throws {@link EmbeddedError} MESSAGE_MALFORMED
   */
  async discover(message: Uint8Array): Promise<Uint8Array> {
    const { queries, caller } = this.#read(message);
    assertSize(queries);
    const response = new discovery.Response();
    for (const query of queries) {
      response.addResults(await this.#answer(query, caller));
    }
    return response.serializeBinary();
  }

  #read(message: Uint8Array): SignedQueries {
    const signed = decode(discovery.SignedRequest, message, 'SignedRequest');
    const payload = signed.getPayload_asU8();
    const request = decode(discovery.Request, payload, 'Request');
    const authentication = request.getAuthentication();
    if (!authentication) {
      throw malformed('access denied, no authentication info in request');
    }
    const creator = authentication.getClientIdentity_asU8();
    if (creator.length === 0) {
      throw malformed("access denied, client identity wasn't supplied");
    }
    const signature = signed.getSignature_asU8();
    return {
      queries: request.getQueriesList(),
      caller: this.#authenticate({ creator, message: payload, signature }),
    };
  }

  #authenticate(request: Parameters<ChannelAccess['authenticate']>[0]): Identity | undefined {
    const { access, logger } = this.#options;
    try {
      return access.authenticate(request);
    } catch (error) {
      if (!(error instanceof IdentityError)) {
        throw error;
      }
      logger.info({ code: error.code, reason: error.message }, 'discovery refused');
      return undefined;
    }
  }

  async #answer(
    query: discovery.Query,
    caller: Identity | undefined,
  ): Promise<discovery.QueryResult> {
    if (!caller || !this.#isAllowed(query.getChannel(), caller)) {
      return refused('access denied');
    }
    try {
      return await this.#dispatch(query);
    } catch (error) {
      const cause = error instanceof Error && error.cause ? messageOf(error.cause) : undefined;
      this.#options.logger.info({ reason: messageOf(error), cause }, 'discovery query failed');
      return refused(messageOf(error));
    }
  }

  #isAllowed(channel: string, caller: Identity): boolean {
    const { own, access } = this.#options;
    if (channel === '') {
      return caller.mspId === own.mspId && caller.role === 'admin';
    }
    return channel === this.#options.channel && access.isWriter(caller);
  }

  async #dispatch(query: discovery.Query): Promise<discovery.QueryResult> {
    const isLocal = query.getChannel() === '';
    const kind = query.getQueryCase();
    if (isLocal && kind === QueryCase.LOCAL_PEERS) {
      return localPeers(this.#options);
    }
    if (!isLocal && kind === QueryCase.CONFIG_QUERY) {
      return channelConfig(this.#options);
    }
    if (!isLocal && kind === QueryCase.PEER_QUERY) {
      return channelPeers(query.getPeerQuery(), this.#options);
    }
    if (!isLocal && kind === QueryCase.CC_QUERY) {
      return endorsers(query.getCcQuery(), this.#options);
    }
    return refused('unknown or missing request type');
  }
}

/** The discovery service of a peer's endpoint. */
export function discoveryService(options: DiscoveryOptions): Service {
  const service = new Discovery(options);
  const discover = (
    { request }: ServerUnaryCall<Uint8Array, Uint8Array>,
    callback: sendUnaryData<Uint8Array>,
  ): void => {
    service.discover(request).then(
      (response) => {
        callback(null, response);
      },
      (error: unknown) => {
        options.logger.info({ reason: messageOf(error) }, 'discovery request refused');
        callback({ code: status.UNKNOWN, details: messageOf(error) });
      },
    );
  };
  return { definition: DISCOVERY, implementation: { discover } };
}
