/**
 * One organisation's peer: its copy of the ledger, its endorser and its streams of blocks behind one TLS endpoint. It pulls blocks
 * from the orderer at its own pace, validates them by itself and stops, alone, when it cannot write.
 */
import { status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';

import type { ChannelAccess } from '../access.ts';
import type { ByzantineMode } from '../byzantine-modes.ts';
import { ChaincodeLinks } from '../chaincode/links.ts';
import { PackageStore, type ProvidedChaincode } from '../chaincode/package-store.ts';
import { Deliver, type BlockSource } from '../deliver/deliver.ts';
import { blocksWithPrivateData, filteredBlocks, fullBlocks } from '../deliver/frames.ts';
import { EmbeddedError, messageOf } from '../errors.ts';
import { Ledger } from '../ledger/ledger.ts';
import { LevelStore } from '../ledger/level-store.ts';
import type { OrderedBlock } from '../ledger/ordered-block.ts';
import type { NetworkLogger } from '../../network-logger.ts';
import type { MspRegistry } from '../msp.ts';
import type { NetworkObserver } from '../observer.ts';
import type { Signer } from '../../membership/signer.ts';
import { DELIVER, ENDORSER, type Service } from '../wire/services.ts';
import type { ByteStream } from '../wire/stream-life.ts';
import { ApprovedChaincodes } from './approved-chaincodes.ts';
import { newCscc } from './cscc.ts';
import type { PolicyOf } from './definition-policy.ts';
import { Endorser } from './endorser.ts';
import { newLifecycle } from './lifecycle.ts';
import { newQscc } from './qscc.ts';
import { transactionFacts } from './transaction-facts.ts';
import { Validator } from './validator.ts';

export interface PeerOptions {
  /** Full name, such as `peer0.northlight.example`. */
  readonly name: string;
  readonly channel: string;
  /** Block file. */
  readonly path: string;
  /** Folder of the database with state and history. */
  readonly statePath: string;
  readonly signer: Signer;
  readonly registry: MspRegistry;
  readonly access: ChannelAccess;
  readonly policyOf: PolicyOf;
  readonly mspIds: readonly string[];
  /** Folder of the chaincode packages. */
  readonly packagesPath: string;
  /** Chaincodes that are there without a package. */
  readonly provided: readonly ProvidedChaincode[];
  readonly executionTimeoutMs: number;
  readonly logger: NetworkLogger;
  readonly chaincodeLogger: NetworkLogger;
  readonly observer: NetworkObserver;
  /** What it was told to do wrong; undefined for an honest one. */
  readonly byzantine?: ByzantineMode | undefined;
}

/** Where a peer gets its blocks from. */
export interface BlockFeed {
  reach(number: number, signal: AbortSignal): Promise<void>;
  read(number: number): Promise<OrderedBlock>;
}

/** Told of a block after its commit; must not throw. */
export type CommitListener = (block: OrderedBlock, flags: Uint8Array) => void;

type ProposalCall = ServerUnaryCall<Uint8Array, Uint8Array>;

export class Peer {
  readonly #options: PeerOptions;
  readonly #ledger: Ledger;
  readonly #validator: Validator;
  readonly #endorser: Endorser;
  readonly #packages: PackageStore;
  readonly #links: ChaincodeLinks;
  readonly #chaincodes: ApprovedChaincodes;
  readonly #listeners: CommitListener[] = [];
  readonly #closing = new AbortController();
  #following: Promise<void> = Promise.resolve();
  #failure: EmbeddedError | undefined;

  private constructor(options: PeerOptions, ledger: Ledger, packages: PackageStore) {
    this.#options = options;
    this.#ledger = ledger;
    this.#validator = new Validator({ ...options, ledger });
    this.#packages = packages;
    this.#links = new ChaincodeLinks({ ...options, packages, logger: options.chaincodeLogger });
    const { mspId } = options.signer;
    this.#chaincodes = new ApprovedChaincodes({ ...options, mspId, links: this.#links });
    this.#endorser = new Endorser({
      ...options,
      ledger,
      chaincodes: this.#chaincodes,
      systemChaincodes: [
        newQscc({ ...options, ledger }),
        newCscc({ ...options, ledger }),
        newLifecycle({ ...options, ledger, mspId, packages }),
      ],
    });
  }

  /** @throws {@link EmbeddedError} BLOCK_FILE_DAMAGED, STORAGE_FAILED */
  static async open(options: PeerOptions): Promise<Peer> {
    const remedy = `delete that file and start again: ${options.name} gets its blocks from the orderer anew`;
    const packages = await PackageStore.open({ ...options, directory: options.packagesPath });
    const store = await LevelStore.open(options.statePath);
    try {
      const ledger = await Ledger.open({ path: options.path, remedy, store });
      report(options, store, ledger);
      return new Peer(options, ledger, packages);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  get name(): string {
    return this.#options.name;
  }

  get signer(): Signer {
    return this.#options.signer;
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  /** What stopped the peer, if anything did. */
  get failure(): EmbeddedError | undefined {
    return this.#failure ?? this.#ledger.damage;
  }

  /** From now on the listener hears of every block. */
  onCommit(listener: CommitListener): void {
    this.#listeners.push(listener);
  }

  /** Whether the peer has a chaincode of that name to run. */
  async runs(chaincode: string): Promise<boolean> {
    const view = this.#ledger.view();
    return this.#chaincodes.runs(chaincode, view).finally(() => {
      view.release();
    });
  }

  /**
   * Endorser.ProcessProposal, for everybody who asks.
   *
   * @throws {@link EmbeddedError} what stopped the peer, or what is wrong with the proposal.
   */
  async process(message: Uint8Array): Promise<Uint8Array> {
    if (this.failure) {
      throw this.failure;
    }
    return this.#endorser.process(message);
  }

  /** Starts to take blocks. To be called once. */
  follow(feed: BlockFeed): void {
    this.#following = this.#follow(feed).catch((cause: unknown) => {
      if (!this.#closing.signal.aborted) {
        this.#failure =
          cause instanceof EmbeddedError
            ? cause
            : new EmbeddedError('STORAGE_FAILED', messageOf(cause), { cause });
        const facts = { peer: this.name, reason: messageOf(cause) };
        this.#options.logger.error(facts, 'the peer has stopped');
      }
    });
  }

  /**
   * gRPC services of its endpoint.
   *
   * @param closing - ends every stream.
   */
  services(closing: AbortSignal): readonly Service[] {
    const deliver = new Deliver({ ...this.#options, closing });
    const serve = (source: BlockSource) => (stream: ByteStream) =>
      void deliver.serve(stream, source);
    return [
      {
        definition: ENDORSER,
        implementation: {
          processProposal: (call: ProposalCall, callback: sendUnaryData<Uint8Array>) => {
            void this.#process(call, callback);
          },
        },
      },
      {
        definition: DELIVER,
        implementation: {
          deliver: serve(fullBlocks(this.#ledger)),
          deliverFiltered: serve(filteredBlocks(this.#ledger, this.#options.channel)),
          deliverWithPrivateData: serve(blocksWithPrivateData(this.#ledger)),
        },
      },
    ];
  }

  /** Ends executions and stops taking blocks; a block that is being committed is finished. */
  async close(): Promise<void> {
    this.#closing.abort(new EmbeddedError('CLOSED', 'the peer is closing'));
    await this.#following;
    await this.#links.close();
    this.#endorser.close();
    await this.#packages.close();
    await this.#ledger.close();
  }

  async #follow(feed: BlockFeed): Promise<void> {
    const { signal } = this.#closing;
    for (let number = this.#ledger.height; !signal.aborted; number++) {
      await feed.reach(number, signal);
      const block = await feed.read(number);
      this.#ledger.assertNext(block);
      await this.#take(block);
    }
  }

  async #take(block: OrderedBlock): Promise<void> {
    const start = performance.now();
    const flags = await this.#validator.validate(block);
    const validated = performance.now();
    await this.#ledger.commit(block, flags);
    const end = performance.now();
    for (const listener of this.#listeners) {
      listener(block, flags);
    }
    this.#options.observer.committed({
      node: this.name,
      transactions: transactionFacts(block, flags),
      seconds: (end - start) / 1_000,
      commitSeconds: (end - validated) / 1_000,
    });
  }

  async #process(call: ProposalCall, callback: sendUnaryData<Uint8Array>): Promise<void> {
    try {
      callback(null, await this.process(call.request));
    } catch (error) {
      const known = error instanceof EmbeddedError;
      const facts = { peer: this.name, reason: messageOf(error) };
      this.#options.logger.info(facts, 'proposal refused');
      callback({
        code: known && error.code === 'BUSY' ? status.RESOURCE_EXHAUSTED : status.UNKNOWN,
        details: messageOf(error),
      });
    }
  }
}

/** Says what a start had to repair. */
function report({ name, logger }: PeerOptions, store: LevelStore, ledger: Ledger): void {
  if (ledger.cutBytes > 0) {
    logger.warn({ peer: name, bytes: ledger.cutBytes }, 'cut off an incomplete last block');
  }
  if (store.wiped !== undefined) {
    logger.warn({ peer: name, reason: store.wiped }, 'the state was wiped to be rebuilt');
  }
  if (ledger.replayed > 0) {
    logger.info({ peer: name, blocks: ledger.replayed }, 'the state was brought up to the blocks');
  }
}
