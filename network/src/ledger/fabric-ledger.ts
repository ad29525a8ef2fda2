/**
 * The ledger by calls of our own, which cost a third of the SDK's, weigh the answers by stake, send to every orderer (BFT orderers
 * forward slowly), believe a commit when several organisations' peers say so, go on with those that are there while nodes come and
 * go, and fail with coded errors.
 */
import { newSigner, type Signer } from '../membership/signer.ts';
import { blockSource } from './block-source.ts';
import { readChainInfo } from './chain-info.ts';
import { CommitFeed } from './commit-feed.ts';
import type { StatusListener } from './commit-status.ts';
import type { ConnectedLedger, LedgerIdentity, LedgerSettings } from './connected-ledger.ts';
import { eventStream } from './event-stream.ts';
import { errorOfResponse, errorOfTransport } from './failures.ts';
import { LedgerError } from './ledger-error.ts';
import type {
  ChainInfo,
  Committed,
  EvaluateOptions,
  EventOptions,
  LedgerEvent,
  PreparedTransaction,
  SubmitOptions,
  TransactionName,
  TransactionOutcome,
} from './ledger.ts';
import { Nodes, processProposal, reachable, toError, type PeerNode } from './nodes.ts';
import { newEnvelope, newProposal, newSeekEnvelope, type SignedProposal } from './proposal.ts';
import { PeerProofs, type ProofSource } from './proofs.ts';
import { askSettled } from './settled-transaction.ts';
import { StakeClient } from './stake/stake-client.ts';
import { isUnknownTransaction, readValidationCode } from './transaction-status.ts';

/** For a peer that is asked to come to the block that this client has seen. */
const CATCH_UP_MS = 300;
/** For peers to say what became of a transaction in doubt. */
const SETTLED_WITHIN_MS = 5_000;
/** Nothing is said about what was asked for. */
const AWAY: readonly string[] = ['UNAVAILABLE', 'TIMEOUT', 'CLOSED'];

export class FabricLedger implements ConnectedLedger {
  readonly mspId: string;
  readonly proofs: ProofSource;
  readonly #nodes: Nodes;
  readonly #commits: CommitFeed;
  readonly #stake: StakeClient;
  readonly #channel: string;
  readonly #chaincode: string;
  readonly #endorseTimeoutMs: number;
  readonly #commitTimeoutMs: number;
  readonly #closing = new AbortController();
  #signer: Signer;

  constructor(nodes: Nodes, settings: LedgerSettings) {
    const { channel } = settings;
    this.mspId = settings.identity.mspId;
    this.#nodes = nodes;
    this.#signer = newSigner(settings.identity);
    this.#channel = channel;
    this.#chaincode = settings.chaincode;
    this.#endorseTimeoutMs = settings.endorseTimeoutMs ?? 30_000;
    this.#commitTimeoutMs = settings.commitTimeoutMs ?? 60_000;
    this.#commits = new CommitFeed({
      peers: nodes.peers,
      newSeekEnvelope: (seek) => this.#seek(seek),
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
    const { chaincode } = settings;
    this.proofs = new PeerProofs({
      channel,
      chaincode,
      peers: () => nodes.peers,
      propose: (transaction, args) => this.#propose(chaincode, transaction, args),
      caughtUp: (peers) => this.#caughtUp(peers),
      timeoutMs: this.#endorseTimeoutMs,
      closing: this.#closing.signal,
    });
  }

  renew(identity: LedgerIdentity): void {
    this.#requireOpen();
    if (identity.mspId !== this.mspId) {
      throw new RangeError(`expected an identity of ${this.mspId}, got one of ${identity.mspId}`);
    }
    this.#signer = newSigner(identity);
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
    // The same for the whole transaction, whatever comes between.
    const signer = this.#signer;
    const proposal = this.#propose(this.#chaincode, transaction, args);
    const { transactionId } = proposal;
    this.#commits.follow();
    const timeoutMs = this.#endorseTimeoutMs;
    const { signal } = options;
    const chosen = await this.#stake.endorse({ proposal, transaction, timeoutMs, signal });
    this.#requireOpen();
    options.signal?.throwIfAborted();
    const envelope = newEnvelope(proposal, chosen, signer);
    return { transactionId, envelope, result: chosen[0]?.response.payload ?? new Uint8Array() };
  }

  async send(
    prepared: PreparedTransaction,
    options: SubmitOptions = {},
  ): Promise<TransactionOutcome> {
    this.#requireOpen();
    options.signal?.throwIfAborted();
    using status = await this.#commits.listenFor(prepared.transactionId);
    this.#requireOpen();
    options.signal?.throwIfAborted();
    const outcome = await this.#sent(prepared, status, options.signal);
    this.#stake.see(outcome.blockNumber);
    if (outcome.code !== 'VALID') this.#stake.lost(outcome.code, prepared.envelope);
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
    const source = blockSource({
      peers: this.#eventPeers(),
      chaincode: this.#chaincode,
      newSeekEnvelope: (seek) => this.#seek(seek),
    });
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

  /** Whatever tells first: peers that it is committed, or orderers that it can not be. */
  async #sent(
    prepared: PreparedTransaction,
    status: StatusListener,
    signal: AbortSignal | undefined,
  ): Promise<TransactionOutcome> {
    const committed = status.committed(this.#commitTimeoutMs, signal);
    const { transactionId } = prepared;
    const over = new AbortController();
    const { orderers } = this.#nodes;
    const sent = orderers.broadcast(prepared, this.#endorseTimeoutMs, over.signal);
    const ordered = async (): Promise<TransactionOutcome> => {
      const broadcast = await sent;
      if (broadcast.kind === 'failed') throw broadcast.error;
      const earlier = broadcast.kind === 'known' ? this.#settled(transactionId) : undefined;
      return (await earlier) ?? committed;
    };
    try {
      return await Promise.race([committed, ordered()]);
    } catch (error) {
      const isInDoubt = error instanceof LedgerError && error.maybeOrdered;
      const outcome = isInDoubt ? await this.#settled(transactionId) : undefined;
      if (outcome === undefined) throw error;
      return outcome;
    } finally {
      over.abort();
    }
  }

  #settled(transactionId: string): Promise<TransactionOutcome | undefined> {
    const args = [this.#channel, transactionId];
    return askSettled({
      transactionId,
      peers: this.#nodes.peers.filter(({ client }) => client.isConnected),
      suffices: (mspIds) => this.#stake.suffices(mspIds),
      blockAt: async ({ client }) => {
        const { message } = this.#propose('qscc', 'GetBlockByTxID', args);
        const answer = await processProposal(client, message, SETTLED_WITHIN_MS);
        if (answer.response.status < 400) return answer.response.payload;
        throw errorOfResponse(answer, transactionId);
      },
    });
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

  #caughtUp(peers: readonly PeerNode[]): Promise<unknown> {
    const clients = peers.map(({ client }) => client);
    return this.#commits.caughtUp(clients, this.#stake.seen, CATCH_UP_MS);
  }

  #seek(seek: Uint8Array): Uint8Array {
    return newSeekEnvelope(this.#channel, seek, this.#signer, new Date());
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
      await this.#caughtUp([target]);
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
    if (organisation === undefined) {
      const own = this.#nodes.peersOf(this.mspId);
      return [...own, ...this.#nodes.peers.filter((peer) => !own.includes(peer))];
    }
    const peers = this.#nodes.peersOf(organisation);
    if (peers.length === 0) {
      throw new LedgerError('ORGANISATION_UNKNOWN', `the profile has no peer of "${organisation}"`);
    }
    return peers;
  }

  /** All, for an organisation without any. */
  #eventPeers(): readonly PeerNode['client'][] {
    const own = this.#nodes.peersOf(this.mspId);
    return (own.length > 0 ? own : this.#nodes.peers).map(({ client }) => client);
  }

  /** A signal of its own for each call: hundreds may listen at the same time. */
  #untilClosed(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#closing.signal]);
  }

  #requireOpen(): void {
    this.#closing.signal.throwIfAborted();
  }
}
