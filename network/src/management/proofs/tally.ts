/**
 * Peers' answers weighed as a device will weigh them (protocol §7.3), while they come in: liars and those who are behind are left
 * out here already, so that devices fetch and verify no more than they need. Each answer is verified once.
 */
import { judgeResponse, type ProofQuestion } from '@lamplighter/sdk/protocol';
import {
  decidesInSet,
  RESPONSES_MOST,
  sharesOfOrganisations,
  type ProofResponse,
  type Statement,
  type ValidatorSet,
} from '@lamplighter/sdk/wire';

/** What enough shares say, and their answers. */
export interface Win<T> {
  readonly said: T;
  readonly responses: readonly ProofResponse[];
}

interface Group<T> {
  readonly said: T;
  /** By MSP id: the shares of an organisation count once. */
  readonly responses: Map<string, ProofResponse>;
}

/** The answers to one question under one set. */
export class Tally<T> {
  readonly #set: ValidatorSet;
  readonly #question: ProofQuestion;
  readonly #read: (statement: Statement) => T | null;
  readonly #shares: ReadonlyMap<string, number>;
  readonly #groups = new Map<string, Group<T>>();
  readonly #seen = new WeakSet<Uint8Array>();

  /** @param read makes of a statement what it says, null of one that is about something else */
  constructor(
    set: ValidatorSet,
    question: ProofQuestion,
    read: (statement: Statement) => T | null,
  ) {
    this.#set = set;
    this.#question = question;
    this.#read = read;
    this.#shares = sharesOfOrganisations(set);
  }

  /** Takes answers, those taken before too. @returns whether there is a winner */
  take(responses: readonly ProofResponse[]): boolean {
    for (const response of responses) {
      if (!this.#seen.has(response.sig)) this.#judge(response);
      this.#seen.add(response.sig);
    }
    return this.winner !== null;
  }

  /** The answers of the heaviest organisations first, as many as a proof set holds; null while nobody has enough shares. */
  get winner(): Win<T> | null {
    for (const { said, responses } of this.#groups.values()) {
      const entries = [...responses].sort(([a], [b]) => this.#sharesOf(b) - this.#sharesOf(a));
      const kept = entries.slice(0, RESPONSES_MOST);
      const shares = kept.reduce((sum, [mspId]) => sum + this.#sharesOf(mspId), 0);
      if (decidesInSet(this.#set, shares)) {
        return { said, responses: kept.map(([, response]) => response) };
      }
    }
    return null;
  }

  #sharesOf(mspId: string): number {
    return this.#shares.get(mspId) ?? 0;
  }

  #judge(response: ProofResponse): void {
    const judged = judgeResponse(response, this.#set, this.#question);
    const said = judged.fault === null ? this.#read(judged.statement) : null;
    if (judged.fault !== null || said === null) return;
    const words = JSON.stringify([...judged.statement]);
    const group: Group<T> = this.#groups.get(words) ?? { said, responses: new Map() };
    group.responses.set(judged.mspId, response);
    this.#groups.set(words, group);
  }
}
