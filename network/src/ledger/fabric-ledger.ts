/**
 * The ledger over fabric-network 2.2.20 with a static profile. Hides the SDK and what it lacks: a fast signer, answers
 * grouped by payload, a broadcast to every orderer (BFT orderers forward slowly), coded errors. Retries nothing.
 */
import './quiet-sdk.ts';

import type {
  Channel,
  Endorsement,
  EndorsementResponse,
  Endorser,
  IdentityContext,
  Proposal,
} from 'fabric-common';
import { Gateway, type Network } from 'fabric-network';

import { newSigner } from '../embedded/signer.ts';
import { blockSource, nextTransactionStatus, type StatusListener } from './block-source.ts';
import { broadcast, signedEnvelope } from './broadcast.ts';
import { readChainInfo } from './chain-info.ts';
import { agreeing } from './endorsements.ts';
import { eventStream } from './event-stream.ts';
import { broadcastFailure, errorOfResponse, errorOfTransport } from './failures.ts';
import { LedgerError } from './ledger-error.ts';
import type {
  ChainInfo,
  Committed,
  EvaluateOptions,
  EventOptions,
  Ledger,
  LedgerEvent,
  PreparedTransaction,
  SubmitOptions,
  TransactionName,
  TransactionOutcome,
} from './ledger.ts';
import { isUnknownTransaction, readValidationCode } from './transaction-status.ts';

/** Who submits and asks, PEM. */
export interface LedgerIdentity {
  readonly mspId: string;
  readonly certificate: string;
  readonly privateKey: string;
}

export interface LedgerSettings {
  /** A Fabric connection profile with a static `channels` section. */
  readonly profile: object;
  readonly identity: LedgerIdentity;
  readonly channel: string;
  readonly chaincode: string;
  /** For one peer to answer, milliseconds. @default 30_000 */
  readonly endorseTimeoutMs?: number;
  /** From the orderer's answer to the commit, milliseconds. @default 60_000 */
  readonly commitTimeoutMs?: number;
}

/** @throws LedgerError UNAVAILABLE when the profile names no peer of the channel */
export async function connectLedger(settings: LedgerSettings): Promise<Ledger> {
  const { identity } = settings;
  const gateway = new Gateway();
  await gateway.connect(settings.profile as Record<string, unknown>, {
    identity: {
      type: 'X.509',
      mspId: identity.mspId,
      credentials: { certificate: identity.certificate, privateKey: identity.privateKey },
    } as never,
    discovery: { enabled: false, asLocalhost: false },
    // Spares the SDK making a key and a certificate in JavaScript at every start.
    tlsInfo: { certificate: identity.certificate, key: identity.privateKey },
  });
  const network = await gateway.getNetwork(settings.channel);
  if (network.getChannel().getEndorsers().length === 0) {
    gateway.disconnect();
    throw new LedgerError(
      'UNAVAILABLE',
      `the profile has no peer of channel "${settings.channel}"`,
    );
  }
  const context = gateway.identityContext;
  if (context === undefined) throw new LedgerError('UNAVAILABLE', 'the SDK made no identity');
  useFastSigner(context, identity);
  return new FabricLedger(gateway, network, context, settings);
}

/** The SDK signs with a bignum library in JavaScript, 39 % of a submit; node:crypto does it in 41 us. */
function useFastSigner(context: IdentityContext, identity: LedgerIdentity): void {
  const signer = newSigner(identity);
  const { user } = context as unknown as {
    user: { getSigningIdentity(): { sign: (message: Uint8Array) => Buffer } };
  };
  user.getSigningIdentity().sign = (message) => Buffer.from(signer.sign(message));
}

/**
 * The SDK's `disconnect` stops half-way at a commit listener whose stream has died (`eventListener not found`), and leaves
 * the other streams open: such listeners are let go of before.
 */
function releaseCommitListeners(network: Network): void {
  const { commitListeners } = network as unknown as {
    commitListeners: Map<unknown, { close(): void }>;
  };
  for (const listener of commitListeners.values()) {
    try {
      listener.close();
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes('eventListener not found'))
        throw error;
    }
  }
  commitListeners.clear();
}

class FabricLedger implements Ledger {
  readonly mspId: string;
  readonly #gateway: Gateway;
  readonly #network: Network;
  readonly #channel: Channel;
  readonly #context: IdentityContext;
  readonly #chaincode: string;
  readonly #endorseTimeoutMs: number;
  readonly #commitTimeoutMs: number;
  readonly #reconnecting = new Map<Endorser, Promise<boolean>>();
  readonly #closing = new AbortController();
  #listening: Promise<unknown> = Promise.resolve();

  constructor(
    gateway: Gateway,
    network: Network,
    context: IdentityContext,
    settings: LedgerSettings,
  ) {
    this.mspId = settings.identity.mspId;
    this.#gateway = gateway;
    this.#network = network;
    this.#channel = network.getChannel();
    this.#context = context;
    this.#chaincode = settings.chaincode;
    this.#endorseTimeoutMs = settings.endorseTimeoutMs ?? 30_000;
    this.#commitTimeoutMs = settings.commitTimeoutMs ?? 60_000;
  }

  async submit(
    transaction: TransactionName,
    args: readonly string[],
    options: SubmitOptions = {},
  ): Promise<Committed> {
    const prepared = await this.prepare(transaction, args, options);
    const { transactionId, result } = prepared;
    const { code, blockNumber } = await this.send(prepared, options);
    if (code !== 'VALID') {
      throw new LedgerError(code, `${transaction} was found invalid: ${code}`, { transactionId });
    }
    return { transactionId, blockNumber, result };
  }

  async prepare(
    transaction: TransactionName,
    args: readonly string[],
    options: SubmitOptions = {},
  ): Promise<PreparedTransaction & { readonly result: Uint8Array }> {
    this.#requireOpen();
    options.signal?.throwIfAborted();
    const endorsement = this.#channel.newEndorsement(this.#chaincode);
    const transactionId = this.#sign(endorsement, transaction, args);
    const responses = agreeing(await this.#endorse(endorsement, transactionId), transactionId);
    options.signal?.throwIfAborted();
    const envelope = signedEnvelope(endorsement, responses, this.#context);
    return { transactionId, envelope, result: responses[0]?.response.payload ?? new Uint8Array() };
  }

  async send(
    { transactionId, envelope }: PreparedTransaction,
    options: SubmitOptions = {},
  ): Promise<TransactionOutcome> {
    this.#requireOpen();
    options.signal?.throwIfAborted();
    await using status = await this.#listenFor(transactionId, options.signal);
    const outcomes = await broadcast(envelope, this.#channel, this.#endorseTimeoutMs);
    const failure = broadcastFailure(outcomes, transactionId);
    if (failure !== undefined) throw failure;
    return await status.committed();
  }

  async status(transactionId: string, options: EvaluateOptions = {}): Promise<string | undefined> {
    try {
      const args = [this.#channel.name, transactionId];
      return readValidationCode(await this.#query('qscc', 'GetTransactionByID', args, options));
    } catch (error) {
      if (isUnknownTransaction(error)) return undefined;
      throw error;
    }
  }

  async evaluate(
    transaction: TransactionName,
    args: readonly string[],
    options: EvaluateOptions = {},
  ): Promise<Uint8Array> {
    return this.#query(this.#chaincode, transaction, args, options);
  }

  async *events(options: EventOptions): AsyncGenerator<LedgerEvent, void, undefined> {
    this.#requireOpen();
    if (options.signal.aborted) return;
    const startBlock = options.startBlock ?? (await this.chain(options)).height;
    const source = blockSource(this.#network, this.#chaincode);
    const signal = this.#untilClosed(options.signal);
    yield* eventStream(source, { startBlock, signal });
    this.#requireOpen();
  }

  async chain(options: EvaluateOptions = {}): Promise<ChainInfo> {
    return readChainInfo(await this.#query('qscc', 'GetChainInfo', [this.#channel.name], options));
  }

  close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort(new LedgerError('CLOSED', 'the ledger client was closed'));
      releaseCommitListeners(this.#network);
      this.#gateway.disconnect();
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Builds and signs in one turn of the event loop: the context's nonce and id are shared by all calls. */
  #sign(proposal: Proposal, fcn: string, args: readonly string[]): string {
    proposal.build(this.#context, { fcn, args: [...args] });
    proposal.sign(this.#context);
    return proposal.getTransactionId();
  }

  async #endorse(
    endorsement: Endorsement,
    transactionId: string,
  ): Promise<readonly EndorsementResponse[]> {
    const targets = await this.#reachable(this.#channel.getEndorsers());
    if (targets.length === 0) throw errorOfTransport([], transactionId);
    const requestTimeout = this.#endorseTimeoutMs;
    const { responses, errors } = await endorsement.send({ targets, requestTimeout });
    if (responses.length === 0) throw errorOfTransport(errors, transactionId);
    return responses;
  }

  /** One at a time: a second call would return while the SDK still opens the first one's stream, and could miss a block. */
  #listenFor(transactionId: string, signal: AbortSignal | undefined): Promise<StatusListener> {
    const listener = this.#listening.then(() =>
      nextTransactionStatus(this.#network, this.#ownPeers(), {
        transactionId,
        timeoutMs: this.#commitTimeoutMs,
        signal: this.#untilClosed(signal),
      }),
    );
    this.#listening = listener.catch(() => undefined);
    return listener;
  }

  async #query(
    chaincode: string,
    fcn: string,
    args: readonly string[],
    options: EvaluateOptions,
  ): Promise<Uint8Array> {
    this.#requireOpen();
    options.signal?.throwIfAborted();
    const errors: Error[] = [];
    for (const peer of this.#candidates(options.organisation)) {
      const [target] = await this.#reachable([peer]);
      if (target === undefined) continue;
      const query = this.#channel.newQuery(chaincode);
      const transactionId = this.#sign(query, fcn, args);
      const requestTimeout = this.#endorseTimeoutMs;
      const answer = await query.send({ targets: [target], requestTimeout });
      options.signal?.throwIfAborted();
      const [response] = answer.responses;
      if (response === undefined) {
        errors.push(...answer.errors);
        continue;
      }
      if (response.response.status >= 400) throw errorOfResponse(response, transactionId);
      return response.response.payload;
    }
    throw errorOfTransport(errors, '');
  }

  /** Peers to ask in turn: those of the organisation named, or all, own organisation first. */
  #candidates(organisation: string | undefined): readonly Endorser[] {
    if (organisation === undefined) {
      const own = this.#ownPeers();
      return [...own, ...this.#channel.getEndorsers().filter((peer) => !own.includes(peer))];
    }
    const peers = this.#channel.getEndorsers(organisation);
    if (peers.length === 0) {
      throw new LedgerError('ORGANISATION_UNKNOWN', `the profile has no peer of "${organisation}"`);
    }
    return peers;
  }

  #ownPeers(): Endorser[] {
    return this.#channel.getEndorsers(this.mspId);
  }

  /** Connected peers; the others are dialled behind, and waited for only when there is nobody else. */
  async #reachable(peers: readonly Endorser[]): Promise<Endorser[]> {
    const connected = peers.filter(isConnected);
    const dialled = peers.filter((peer) => !isConnected(peer)).map((peer) => this.#dial(peer));
    if (connected.length > 0 || dialled.length === 0) return connected;
    await Promise.all(dialled);
    return peers.filter(isConnected);
  }

  #dial(peer: Endorser): Promise<boolean> {
    const dialling = this.#reconnecting.get(peer);
    if (dialling !== undefined) return dialling;
    // The SDK answers false, and does not throw, when it can not connect.
    const attempt = peer.checkConnection().finally(() => this.#reconnecting.delete(peer));
    this.#reconnecting.set(peer, attempt);
    return attempt;
  }

  /** A signal of its own for each call: hundreds may listen at the same time. */
  #untilClosed(signal: AbortSignal | undefined): AbortSignal {
    const closing = this.#closing.signal;
    return AbortSignal.any(signal === undefined ? [closing] : [signal, closing]);
  }

  #requireOpen(): void {
    this.#closing.signal.throwIfAborted();
  }
}

function isConnected(peer: Endorser): boolean {
  return (peer as unknown as { readonly connected: boolean }).connected;
}
