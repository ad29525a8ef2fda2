/**
 * The ledger of a static profile. fabric-network reads the profile and follows blocks for their events; proposals, broadcasts and
 * commits go by our own calls, which cost a third of its, weigh the answers by stake, send to every orderer (BFT orderers forward
 * slowly), believe a commit when several organisations' peers say so, and fail with coded errors.
 */
import './quiet-sdk.ts';

import { Gateway, type Network } from 'fabric-network';

import { newSigner, type Signer } from '../membership/signer.ts';
import { blockSource } from './block-source.ts';
import { readChainInfo } from './chain-info.ts';
import { CommitFeed } from './commit-feed.ts';
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
import { Nodes, processProposal, reachable, toError, type PeerNode } from './nodes.ts';
import { newEnvelope, newProposal, newSeekEnvelope, type SignedProposal } from './proposal.ts';
import { StakeClient, type LedgerNotice } from './stake/stake-client.ts';
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
  /** How often peers are asked twice, to see whether they say two things, milliseconds; 0 for never. @default 10_000 */
  readonly auditEveryMs?: number;
  /** How often an idle client looks whether the validator serves, milliseconds; 0 for never. @default 2_000 */
  readonly patrolEveryMs?: number;
  /** Hears of misconduct found and filed, and of votes to skip a validator. */
  readonly notice?: (notice: LedgerNotice) => void;
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
  const nodes = new Nodes(network.getChannel());
  await nodes.dial();
  return new FabricLedger(gateway, network, nodes, settings);
}

/** For a peer that is asked to come to the block that this client has seen. */
const CATCH_UP_MS = 300;
/** Nothing is said about what was asked for. */
const AWAY: readonly string[] = ['UNAVAILABLE', 'TIMEOUT', 'CLOSED'];

class FabricLedger implements Ledger {
  readonly mspId: string;
  readonly #gateway: Gateway;
  readonly #network: Network;
  readonly #nodes: Nodes;
  readonly #commits: CommitFeed;
  readonly #stake: StakeClient;
  readonly #signer: Signer;
  readonly #channel: string;
  readonly #chaincode: string;
  readonly #endorseTimeoutMs: number;
  readonly #commitTimeoutMs: number;
  readonly #closing = new AbortController();

  constructor(gateway: Gateway, network: Network, nodes: Nodes, settings: LedgerSettings) {
    const signer = newSigner(settings.identity);
    const { channel } = settings;
    this.mspId = settings.identity.mspId;
    this.#gateway = gateway;
    this.#network = network;
    this.#nodes = nodes;
    this.#signer = signer;
    this.#channel = channel;
    this.#chaincode = settings.chaincode;
    this.#endorseTimeoutMs = settings.endorseTimeoutMs ?? 30_000;
    this.#commitTimeoutMs = settings.commitTimeoutMs ?? 60_000;
    this.#commits = new CommitFeed({
      peers: nodes.peers,
      newSeekEnvelope: (seek) => newSeekEnvelope(channel, seek, signer, new Date()),
      suffices: (mspIds) => this.#stake.suffices(mspIds),
      onBlock: (block) => {
        this.#stake.heard(block);
      },
    });
    this.#stake = new StakeClient({
      nodes,
      feed: this.#commits,
      court: { channel, chaincode: settings.chaincode },
      readTable: () => this.#readTable(),
      submit: (transaction, args) => this.submit(transaction, args),
      notice: settings.notice ?? (() => undefined),
      propose: (transaction, args) => this.#propose(this.#chaincode, transaction, args),
      patrolEveryMs: settings.patrolEveryMs ?? 2_000,
      auditEveryMs: settings.auditEveryMs ?? 10_000,
      signal: this.#closing.signal,
    });
  }

  async submit(
    transaction: TransactionName,
    args: readonly string[],
    options: SubmitOptions = {},
  ): Promise<Committed> {
    try {
      return await this.#submit(transaction, args, options);
    } catch (error) {
      // The table changed under way, or an endorsement was worth nothing: both are known now, and this one is invalid for good.
      const isAgain = error instanceof LedgerError && error.code === 'ENDORSEMENT_POLICY_FAILURE';
      if (!isAgain || this.#stake.known === null) throw error;
      return this.#submit(transaction, args, options);
    }
  }

  async prepare(
    transaction: TransactionName,
    args: readonly string[],
    options: SubmitOptions = {},
  ): Promise<PreparedTransaction & { readonly result: Uint8Array }> {
    this.#requireOpen();
    options.signal?.throwIfAborted();
    const proposal = this.#propose(this.#chaincode, transaction, args);
    const { transactionId } = proposal;
    this.#commits.follow();
    const timeoutMs = this.#endorseTimeoutMs;
    const { signal } = options;
    const chosen = await this.#stake.endorse({ proposal, transaction, timeoutMs, signal });
    this.#requireOpen();
    options.signal?.throwIfAborted();
    const envelope = newEnvelope(proposal, chosen, this.#signer);
    return { transactionId, envelope, result: chosen[0]?.response.payload ?? new Uint8Array() };
  }

  async send(
    { transactionId, envelope }: PreparedTransaction,
    options: SubmitOptions = {},
  ): Promise<TransactionOutcome> {
    this.#requireOpen();
    options.signal?.throwIfAborted();
    using status = await this.#commits.listenFor(transactionId);
    this.#requireOpen();
    options.signal?.throwIfAborted();
    const outcomes = await this.#nodes.broadcast(envelope, this.#endorseTimeoutMs);
    const failure = broadcastFailure(outcomes, transactionId);
    if (failure !== undefined) throw failure;
    const outcome = await status.committed(this.#commitTimeoutMs, options.signal);
    this.#stake.see(outcome.blockNumber);
    if (outcome.code !== 'VALID') this.#stake.lost(outcome.code, envelope);
    return outcome;
  }

  async status(transactionId: string, options: EvaluateOptions = {}): Promise<string | undefined> {
    try {
      const args = [this.#channel, transactionId];
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
    return readChainInfo(await this.#query('qscc', 'GetChainInfo', [this.#channel], options));
  }

  close(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve();
    const reason = new LedgerError('CLOSED', 'the ledger client was closed');
    this.#closing.abort(reason);
    this.#gateway.disconnect();
    this.#commits.close(reason);
    this.#nodes.close();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #submit(
    transaction: TransactionName,
    args: readonly string[],
    options: SubmitOptions,
  ): Promise<Committed> {
    const prepared = await this.prepare(transaction, args, options);
    const { transactionId, result } = prepared;
    const { code, blockNumber } = await this.send(prepared, options);
    if (code !== 'VALID') {
      throw new LedgerError(code, `${transaction} was found invalid: ${code}`, { transactionId });
    }
    return { transactionId, blockNumber, result };
  }

  /** Null for chaincodes that have none. */
  async #readTable(): Promise<Uint8Array | null> {
    try {
      return await this.#query(this.#chaincode, 'Stake:ReadTable', [], {});
    } catch (error) {
      const isAway = error instanceof LedgerError && AWAY.includes(error.code);
      if (isAway) throw error;
      return null;
    }
  }

  #propose(chaincode: string, fcn: string, args: readonly string[]): SignedProposal {
    const invocation = { channel: this.#channel, chaincode, args: [fcn, ...args] };
    return newProposal(invocation, this.#signer, new Date());
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
      const [target] = await reachable([peer]);
      if (target === undefined) continue;
      const { client } = target;
      await this.#commits.caughtUp([client], this.#stake.seen, CATCH_UP_MS);
      const { transactionId, message } = this.#propose(chaincode, fcn, args);
      const answer = await processProposal(client, message, this.#endorseTimeoutMs).catch(toError);
      options.signal?.throwIfAborted();
      if (answer instanceof Error) {
        errors.push(answer);
        continue;
      }
      if (answer.response.status >= 400) throw errorOfResponse(answer, transactionId);
      return answer.response.payload;
    }
    throw errorOfTransport(errors, '');
  }

  /** Peers to ask in turn: those of the organisation named, or all, own organisation first. */
  #candidates(organisation: string | undefined): readonly PeerNode[] {
    const own = this.#nodes.peersOf(this.mspId);
    if (organisation === undefined) {
      return [...own, ...this.#nodes.peers.filter((peer) => !own.includes(peer))];
    }
    const peers = this.#nodes.peersOf(organisation);
    if (peers.length === 0) {
      throw new LedgerError('ORGANISATION_UNKNOWN', `the profile has no peer of "${organisation}"`);
    }
    return peers;
  }

  /** A signal of its own for each call: hundreds may listen at the same time. */
  #untilClosed(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#closing.signal]);
  }

  #requireOpen(): void {
    this.#closing.signal.throwIfAborted();
  }
}
