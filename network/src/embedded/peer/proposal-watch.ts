/** Follows one proposal through a peer, for the observer that is told of it at its end. */
import { EmbeddedError } from '../errors.ts';
import type { NetworkObserver, ProposalOutcome } from '../observer.ts';
import { ERROR_THRESHOLD, type Simulation } from './responses.ts';

const OUTCOME_OF: Partial<Record<EmbeddedError['code'], ProposalOutcome>> = {
  ACCESS_DENIED: 'access-denied',
  BUSY: 'busy',
  DUPLICATE_TRANSACTION: 'duplicate',
  MESSAGE_MALFORMED: 'malformed',
};

export class ProposalWatch {
  readonly #start = performance.now();
  #chaincode: string | undefined;
  #outcome: ProposalOutcome = 'simulation-failed';

  /** The chaincode ran to its end. */
  ran({ chaincode, response }: Simulation): void {
    this.#chaincode = chaincode;
    this.#outcome = response.getStatus() < ERROR_THRESHOLD ? 'endorsed' : 'chaincode-error';
  }

  /** The proposal was not let in. */
  refused(error: unknown): void {
    const outcome = error instanceof EmbeddedError ? OUTCOME_OF[error.code] : undefined;
    this.#outcome = outcome ?? 'simulation-failed';
  }

  /** @param node - full name of the peer. */
  tell(observer: NetworkObserver, node: string): void {
    observer.proposal({
      node,
      chaincode: this.#chaincode,
      outcome: this.#outcome,
      seconds: (performance.now() - this.#start) / 1_000,
    });
  }
}
