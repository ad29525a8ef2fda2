/**
 * The validator sets that devices may know, and the links from each to the next (protocol §7.3): made as soon as a set changes,
 * while those who have to sign are still there, and kept. Sets are read at the own organisation's peer; what a link says is
 * verified under the set before.
 */
import { createHash } from 'node:crypto';
import { isLinkStatement } from '@lamplighter/sdk/protocol';
import { decodeValidatorSet, encodeValidatorLink, limits } from '@lamplighter/sdk/wire';
import type { ValidatorSet } from '@lamplighter/sdk/wire';
import type { Contracts } from '../../ledger/contracts.ts';
import { LedgerError } from '../../ledger/ledger-error.ts';
import type { ProofSource } from '../../ledger/proofs.ts';
import { ManagementError } from '../management-error.ts';
import { Tally } from './tally.ts';

/** One set, and the link to the next one once that is made. */
export interface KeptSet {
  readonly epoch: number;
  /** The set's CBOR. */
  readonly set: Uint8Array;
  /** Encoded `link`. */
  readonly link: Uint8Array | null;
}

/** Where sets and links are kept. */
export interface ValidatorStore {
  /** What an earlier process kept. */
  readonly known: readonly KeptSet[];
  /** Keeps a set, null to forget it. Resolves when it is stored. */
  keep(epoch: number, kept: KeptSet | null): Promise<void>;
}

/** For a node without a disk. */
export const MEMORY_VALIDATORS: ValidatorStore = { known: [], keep: () => Promise.resolve() };

export interface ValidatorChainParts {
  readonly contracts: Contracts;
  readonly source: ProofSource;
  readonly store: ValidatorStore;
  readonly signal: AbortSignal;
}

/** A set as it is weighed with. */
export interface PresentSet {
  readonly set: ValidatorSet;
  /** SHA-256 of its bytes, hex. */
  readonly digest: string;
}

interface Entry extends PresentSet {
  readonly kept: KeptSet;
}

/** See the module comment. */
export class ValidatorChain {
  readonly #parts: ValidatorChainParts;
  readonly #sets = new Map<number, Entry>();
  readonly #epochs = new Map<string, number>();
  /** Links by their own SHA-256, hex. */
  readonly #links = new Map<string, Uint8Array>();
  /** Epochs whose validators can not decide any more: a link from there is not tried again by this process. */
  readonly #lost = new Set<number>();
  #running: Promise<void> | null = null;
  #again = false;

  constructor(parts: ValidatorChainParts) {
    this.#parts = parts;
    for (const kept of parts.store.known) this.#enter(kept);
  }

  /** The newest set known here; undefined when the ledger was never read, or has none. */
  get newest(): PresentSet | undefined {
    return this.#sets.get(Math.max(...this.#sets.keys()));
  }

  /**
   * The link away from a set.
   *
   * @param digest SHA-256 of the set, hex
   * @returns null for a set that is known and has none (yet), undefined for another digest
   */
  linkFrom(digest: string): Uint8Array | null | undefined {
    return this.#sets.get(this.#epochs.get(digest) ?? -1)?.kept.link;
  }

  /** All links that were made, or kept. */
  get links(): readonly Uint8Array[] {
    return [...this.#links.values()];
  }

  /** A link by its own SHA-256, hex. */
  link(sha256: string): Uint8Array | undefined {
    return this.#links.get(sha256);
  }

  /** Reads what the ledger has beyond what is known, and makes the links that are missing. @throws LedgerError */
  catchUp(): Promise<void> {
    // A call while one runs may be about a later change.
    this.#again = true;
    this.#running ??= this.#rounds().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #rounds(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      await this.#readSets();
      await this.#makeLinks();
    }
  }

  async #readSets(): Promise<void> {
    const { stake } = this.#parts.contracts;
    const { signal } = this.#parts;
    const head = await present(() => stake.validators({ signal }));
    if (head === null) return;
    const oldest = Math.max(1, head.epoch - limits.SET_AGE);
    for (let epoch = oldest; epoch <= head.epoch; epoch++) {
      if (this.#sets.has(epoch)) continue;
      const { set } = await stake.validatorSet(epoch, { signal });
      await this.#keep({ epoch, set: new Uint8Array(Buffer.from(set, 'hex')), link: null });
    }
    for (const epoch of [...this.#sets.keys()].filter((each) => each < oldest)) {
      await this.#forget(epoch);
    }
  }

  async #makeLinks(): Promise<void> {
    for (const epoch of [...this.#sets.keys()].sort((left, right) => left - right)) {
      const older = this.#sets.get(epoch);
      const newer = this.#sets.get(epoch + 1);
      if (older === undefined || newer === undefined) continue;
      if (older.kept.link !== null || this.#lost.has(epoch)) continue;
      const link = await this.#makeLink(older, newer);
      if (link === null) this.#lost.add(epoch);
      else await this.#keep({ ...older.kept, link });
    }
  }

  /** Null when those of the older set who are left do not decide in it. */
  async #makeLink(older: Entry, newer: Entry): Promise<Uint8Array | null> {
    const { source, signal } = this.#parts;
    const { channel, chaincode } = source;
    const [from, to] = [older.digest, newer.digest];
    const { epoch } = newer.kept;
    const question = { channel, chaincode, args: ['Stake:ProveValidators', from, to] };
    const tally = new Tally(older.set, question, (statement) =>
      isLinkStatement(statement, { channel, epoch, from, to }) ? true : null,
    );
    const enough = tally.take.bind(tally);
    tally.take(await source.ask('Stake:ProveValidators', [from, to], { enough, signal }));
    const { winner } = tally;
    if (winner === null) return null;
    return encodeValidatorLink({ set: newer.kept.set, responses: winner.responses });
  }

  async #keep(kept: KeptSet): Promise<void> {
    this.#enter(kept);
    await this.#parts.store.keep(kept.epoch, kept);
  }

  #enter(kept: KeptSet): void {
    const digest = sha256(kept.set);
    const set = decodeValidatorSet(kept.set);
    if (set.epoch !== kept.epoch) {
      const text = `expected the set of epoch ${kept.epoch}, got that of ${set.epoch}`;
      throw new ManagementError('DIGEST_MISMATCH', text);
    }
    this.#sets.set(kept.epoch, { kept, set, digest });
    this.#epochs.set(digest, kept.epoch);
    if (kept.link !== null) this.#links.set(sha256(kept.link), kept.link);
  }

  async #forget(epoch: number): Promise<void> {
    const entry = this.#sets.get(epoch);
    if (entry === undefined) return;
    this.#sets.delete(epoch);
    this.#epochs.delete(entry.digest);
    this.#lost.delete(epoch);
    if (entry.kept.link !== null) this.#links.delete(sha256(entry.kept.link));
    await this.#parts.store.keep(epoch, null);
  }
}

/** Null while nobody with a voice has registered a peer. */
async function present<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'VALIDATORS_NOT_FOUND') return null;
    throw error;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
