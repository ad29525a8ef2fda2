/**
 * What became of transactions, by filtered blocks of all organisations' peers: one stream a peer for all that wait. A transaction
 * counts as committed when peers of enough organisations say so, since one alone may lie or be alone in its error. A stream begins
 * with the newest block that exists, so once that is here no later one is missed.
 */
import { orderer } from '@hyperledger/fabric-protos';

import { CommitStatus, type StatusListener } from './commit-status.ts';
import { FilteredBlocks, type FilteredBlock } from './filtered-blocks.ts';
import { LedgerError } from './ledger-error.ts';
import type { NodeClient } from './node-client.ts';
import { firstTrue } from './first-true.ts';

const DELIVER_FILTERED = '/protos.Deliver/DeliverFiltered';
const FIRST_BLOCK_WITHIN_MS = 30_000;
/** A peer that could not be listened to is left alone for so long. */
const AGAIN_AFTER_MS = 1_000;
/** Timers may be early by a millisecond. */
const MARGIN_MS = 20;

export interface FollowedPeer {
  readonly mspId: string;
  readonly client: NodeClient;
}

export interface CommitFeedOptions {
  readonly peers: readonly FollowedPeer[];
  /** @returns a signed envelope that asks for blocks */
  readonly newSeekEnvelope: (seek: Uint8Array) => Uint8Array;
  /** Whether what these organisations say together is to be believed. */
  readonly suffices: (mspIds: ReadonlySet<string>) => boolean;
  /** Each block at each peer that has it. */
  readonly onBlock?: (block: FilteredBlock) => void;
}

/** Without end, from the newest block there is, or from one that was heard of already. */
export function seekBlocks(from?: number): Uint8Array {
  const start = new orderer.SeekPosition();
  if (from === undefined) start.setNewest(new orderer.SeekNewest());
  else {
    const first = new orderer.SeekSpecified();
    first.setNumber(from);
    start.setSpecified(first);
  }
  const last = new orderer.SeekSpecified();
  last.setNumber(Number.MAX_SAFE_INTEGER);
  const stop = new orderer.SeekPosition();
  stop.setSpecified(last);
  const seek = new orderer.SeekInfo();
  seek.setStart(start);
  seek.setStop(stop);
  return seek.serializeBinary();
}

/** A stream that is open, or being opened. */
interface Followed {
  readonly peer: FollowedPeer;
  readonly opened: Promise<void>;
  readonly stop: () => void;
  isOpen: boolean;
  /** Number of the newest block heard of; -1 before the first. */
  newest: number;
}

export class CommitFeed {
  readonly #options: CommitFeedOptions;
  readonly #blocks = new FilteredBlocks();
  readonly #followed = new Map<NodeClient, Followed>();
  readonly #lost = new Map<
    NodeClient,
    { readonly at: number; readonly newest: number | undefined }
  >();
  readonly #waiting = new Map<string, Set<CommitStatus>>();
  readonly #isEnough = (mspIds: ReadonlySet<string>): boolean => this.#suffices(mspIds);
  readonly #catchingUp = new Set<() => void>();
  /** Organisations with a stream. */
  #heard: ReadonlySet<string> = new Set();
  #allOpen = false;
  #closed = false;
  readonly #followAgain = (): void => {
    if (!this.#closed && this.#waiting.size > 0) this.follow();
  };

  constructor(options: CommitFeedOptions) {
    this.#options = options;
  }

  /** Begins to listen, without waiting for it. */
  follow(): void {
    if (this.#closed) return;
    const now = Date.now();
    for (const peer of this.#options.peers) {
      const lostAt = this.#lost.get(peer.client)?.at ?? -Infinity;
      if (!this.#followed.has(peer.client) && now - lostAt >= AGAIN_AFTER_MS) this.#open(peer);
    }
  }

  /**
   * Listening to enough organisations has begun when this returns, so call it before the transaction is sent.
   *
   * @throws LedgerError UNAVAILABLE when no peer can be listened to
   */
  async listenFor(transactionId: string): Promise<StatusListener> {
    if (!this.#allOpen) await this.#listening(transactionId);
    const status = new CommitStatus({
      transactionId,
      isEnough: this.#isEnough,
      forget: (one) => {
        this.#forget(one);
      },
    });
    const others = this.#waiting.get(transactionId) ?? new Set();
    this.#waiting.set(transactionId, others.add(status));
    return status;
  }

  /** Whether a peer is known to have a block; also true of one that nobody listens to. */
  has(peer: NodeClient, blockNumber: number): boolean {
    const followed = this.#followed.get(peer);
    return followed === undefined || !followed.isOpen || followed.newest >= blockNumber;
  }

  /** Resolves when all these have the block, or have not within the time. */
  async caughtUp(
    peers: readonly NodeClient[],
    blockNumber: number,
    withinMs: number,
  ): Promise<void> {
    const have = (): boolean => peers.every((peer) => this.has(peer, blockNumber));
    if (have()) return;
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (have()) end();
      };
      const end = (): void => {
        clearTimeout(timer);
        this.#catchingUp.delete(check);
        resolve();
      };
      const timer = setTimeout(end, withinMs);
      this.#catchingUp.add(check);
    });
  }

  /** All that wait fail with the reason. */
  close(reason: unknown): void {
    this.#closed = true;
    for (const status of this.#all()) status.fail(reason);
    const followed = [...this.#followed.values()];
    this.#followed.clear();
    for (const { stop } of followed) stop();
    for (const check of this.#catchingUp) check();
  }

  async #listening(transactionId: string): Promise<void> {
    this.follow();
    const followed = [...this.#followed.values()];
    await firstTrue(
      followed.map(({ opened }) => opened),
      () => this.#options.suffices(mspIdsOf(followed.filter(({ isOpen }) => isOpen))),
    );
    if ([...this.#followed.values()].some(({ isOpen }) => isOpen)) return;
    const [outcome] = await Promise.allSettled(followed.map(({ opened }) => opened));
    const cause = outcome?.status === 'rejected' ? (outcome.reason as unknown) : undefined;
    const text = 'no peer to hear the commit from';
    throw new LedgerError('UNAVAILABLE', text, { transactionId, cause });
  }

  /** Resolves with the first block. */
  #open(peer: FollowedPeer): void {
    // A stream that broke is taken up where it ended, so that nobody waits for what came meanwhile.
    const known = this.#lost.get(peer.client)?.newest;
    let stop = (): void => undefined;
    const opened = new Promise<void>((resolve, reject) => {
      const stream = peer.client.stream(DELIVER_FILTERED);
      stop = () => {
        clearTimeout(timer);
        stream.cancel();
      };
      const fail = (error: Error): void => {
        stop();
        reject(error);
        this.#lose(peer.client, opened, error);
      };
      const timer = setTimeout(() => {
        fail(new Error(`REQUEST TIMEOUT: ${peer.client.name} sent no block`));
      }, FIRST_BLOCK_WITHIN_MS);
      stream.on('data', (bytes: Uint8Array) => {
        const block = this.#blocks.read(bytes);
        if (block === undefined) {
          fail(new Error(`${peer.client.name} ended the stream of blocks`));
          return;
        }
        clearTimeout(timer);
        this.#take(peer, block);
        resolve();
      });
      stream.on('error', fail);
      stream.on('end', () => {
        fail(new Error(`${peer.client.name} ended the stream of blocks`));
      });
      stream.write(this.#options.newSeekEnvelope(seekBlocks(known)));
    });
    opened.catch(() => undefined);
    this.#followed.set(peer.client, { peer, opened, stop, isOpen: false, newest: known ?? -1 });
    this.#count();
  }

  #take({ mspId, client }: FollowedPeer, block: FilteredBlock): void {
    const followed = this.#followed.get(client);
    if (followed === undefined) return;
    followed.newest = Math.max(followed.newest, block.number);
    if (!followed.isOpen) {
      followed.isOpen = true;
      this.#count();
    }
    this.#options.onBlock?.(block);
    if (this.#waiting.size > 0) this.#tell(mspId, block);
    for (const check of this.#catchingUp) check();
  }

  #tell(mspId: string, { number, transactions }: FilteredBlock): void {
    for (const { id, code } of transactions) {
      for (const status of this.#waiting.get(id) ?? []) {
        status.hear(mspId, { code, blockNumber: number });
      }
    }
  }

  /** With its last stream, those that wait lose their last hope. */
  #lose(client: NodeClient, opened: Promise<void>, cause: unknown): void {
    const followed = this.#followed.get(client);
    if (followed?.opened !== opened) return;
    this.#followed.delete(client);
    const newest = followed.isOpen ? followed.newest : this.#lost.get(client)?.newest;
    this.#lost.set(client, { at: Date.now(), newest });
    this.#count();
    if (!this.#closed) setTimeout(this.#followAgain, AGAIN_AFTER_MS + MARGIN_MS).unref();
    for (const check of this.#catchingUp) check();
    for (const status of this.#all()) status.reconsider();
    if (this.#followed.size > 0) return;
    for (const status of this.#all()) status.lose(cause);
  }

  #count(): void {
    const followed = [...this.#followed.values()];
    this.#heard = mspIdsOf(followed);
    this.#allOpen =
      followed.length === this.#options.peers.length && followed.every(({ isOpen }) => isOpen);
  }

  /** Where too few can be heard for it, all of these have to agree. */
  #suffices(mspIds: ReadonlySet<string>): boolean {
    if (this.#options.suffices(mspIds)) return true;
    return !this.#options.suffices(this.#heard) && [...this.#heard].every((id) => mspIds.has(id));
  }

  #all(): readonly CommitStatus[] {
    return [...this.#waiting.values()].flatMap((statuses) => [...statuses]);
  }

  #forget(status: CommitStatus): void {
    const statuses = this.#waiting.get(status.transactionId);
    statuses?.delete(status);
    if (statuses?.size === 0) this.#waiting.delete(status.transactionId);
  }
}

function mspIdsOf(followed: readonly Followed[]): ReadonlySet<string> {
  return new Set(followed.map(({ peer }) => peer.mspId));
}
