/**
 * Proofs of what the ledger names for a model (protocol §7.3). Challenges that come within a moment, or while the ledger is being
 * asked for the same model, are joined into one call: a thousand devices cost vendors' peers as much as one.
 */
import { readReleaseStatement, type ReleaseStatement } from '@lamplighter/sdk/protocol';
import { encodeProofSet, toHex, type ProofResponse } from '@lamplighter/sdk/wire';
import type { ProofSource } from '../../ledger/proofs.ts';
import type { Clock } from '../clock.ts';
import { ManagementError } from '../management-error.ts';
import { ChallengeTree } from './challenge-tree.ts';
import { Tally, type Win } from './tally.ts';
import type { PresentSet, ValidatorChain } from './validator-chain.ts';

/** What the ledger says, and what shows it to one device. */
export interface ReleaseProof {
  readonly statement: ReleaseStatement;
  /** Encoded `proof-set`. */
  readonly proofSet: Uint8Array;
}

export interface ReleaseProofsParts {
  readonly source: ProofSource;
  readonly validators: Pick<ValidatorChain, 'newest' | 'catchUp'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** How long the first challenge waits for others. */
const JOIN_MS = 50;
/** Challenges in one call. */
const MOST_JOINED = 4_096;
/** Challenges that wait, of all models. */
const MOST_WAITING = 16_384;

interface Waiting {
  readonly challenge: Uint8Array;
  readonly resolve: (proof: ReleaseProof) => void;
  readonly reject: (error: unknown) => void;
}

/** See the module comment. */
export class ReleaseProofs {
  readonly #parts: ReleaseProofsParts;
  /** By model; there while challenges are joined, or the ledger is asked. */
  readonly #waiting = new Map<string, Waiting[]>();
  #count = 0;

  constructor(parts: ReleaseProofsParts) {
    this.#parts = parts;
  }

  /**
   * @param challenge of one device, 32 bytes
   * @throws {@link ManagementError} PROOFS_BUSY, PROOF_NOT_WON, CLOSED; {@link LedgerError}
   */
  prove(model: string, challenge: Uint8Array): Promise<ReleaseProof> {
    if (this.#count >= MOST_WAITING) {
      const text = `expected at most ${MOST_WAITING} challenges at a time`;
      return Promise.reject(new ManagementError('PROOFS_BUSY', text));
    }
    this.#count += 1;
    return new Promise<ReleaseProof>((resolve, reject) => {
      const waiting = this.#waiting.get(model);
      if (waiting !== undefined) waiting.push({ challenge, resolve, reject });
      else {
        this.#waiting.set(model, [{ challenge, resolve, reject }]);
        this.#begin(model);
      }
    }).finally(() => {
      this.#count -= 1;
    });
  }

  #begin(model: string): void {
    const { clock, signal } = this.#parts;
    const ended = (): void => {
      timer.cancel();
      const waiting = this.#waiting.get(model) ?? [];
      this.#waiting.delete(model);
      for (const { reject } of waiting) reject(signal.reason);
    };
    const timer = clock.after(JOIN_MS, () => {
      signal.removeEventListener('abort', ended);
      void this.#work(model);
    });
    signal.addEventListener('abort', ended, { once: true });
    if (signal.aborted) ended();
  }

  #take(model: string): readonly Waiting[] {
    return this.#waiting.get(model)?.splice(0, MOST_JOINED) ?? [];
  }

  async #work(model: string): Promise<void> {
    for (let joined = this.#take(model); joined.length > 0; joined = this.#take(model)) {
      try {
        await this.#answer(model, joined);
      } catch (error) {
        for (const { reject } of joined) reject(error);
      }
    }
    this.#waiting.delete(model);
  }

  async #answer(model: string, joined: readonly Waiting[]): Promise<void> {
    const tree = new ChallengeTree(joined.map(({ challenge }) => challenge));
    const { said, responses } = await this.#collect(model, toHex(tree.root));
    joined.forEach(({ resolve }, index) => {
      const path = tree.pathOf(index);
      resolve({ statement: said, proofSet: encodeProofSet({ path, responses }) });
    });
  }

  async #collect(model: string, challenge: string): Promise<Win<ReleaseStatement>> {
    const { source, validators, signal } = this.#parts;
    if (validators.newest === undefined) await validators.catchUp();
    const first = this.#tally(validators.newest, model, challenge);
    const responses = await source.ask('Firmware:ProveRelease', [model, challenge], {
      enough: (each) => isPresent(first, each),
      signal,
    });
    if (isPresent(first, responses)) return won(first.tally, model);
    // The set may have changed since: the same answers may win under the next one.
    await validators.catchUp();
    const second = this.#tally(validators.newest, model, challenge);
    second.tally.take(responses);
    return won(second.tally, model);
  }

  #tally(present: PresentSet | undefined, model: string, challenge: string): Count {
    const { channel, chaincode } = this.#parts.source;
    if (present === undefined) {
      throw new ManagementError('PROOF_NOT_WON', 'the ledger has no validator set yet');
    }
    const question = { channel, chaincode, args: ['Firmware:ProveRelease', model, challenge] };
    const tally = new Tally(present.set, question, (statement) =>
      readReleaseStatement(statement, { channel, model, challenge }),
    );
    return { tally, digest: present.digest };
  }
}

interface Count {
  readonly tally: Tally<ReleaseStatement>;
  /** Of the set that is weighed by. */
  readonly digest: string;
}

/** Whether there is a winner that knows of no later set. */
function isPresent({ tally, digest }: Count, responses: readonly ProofResponse[]): boolean {
  return tally.take(responses) && tally.winner?.said.validators === digest;
}

function won(tally: Tally<ReleaseStatement>, model: string): Win<ReleaseStatement> {
  const { winner } = tally;
  if (winner !== null) return winner;
  throw new ManagementError(
    'PROOF_NOT_WON',
    `peers with enough shares did not say the same of model ${model}`,
  );
}
