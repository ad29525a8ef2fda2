/** Random transactions against a model: every answer, every validation code on every peer, and the world state must be the model's. */
import { isDeepStrictEqual } from 'node:util';

import { peer } from '@hyperledger/fabric-protos';

import { BFT } from '../target/consensus.ts';
import { resultsOf } from '../suite/endorsements.ts';
import type { Endorsed } from '../target/target.ts';
import { Model, type Run } from './model.ts';
import { Planner, type Flaw, type Plan, type Round } from './plans.ts';
import type { Player } from './player.ts';

const Code = peer.TxValidationCode;
/** Rounds between two looks at the whole state. */
const LOOK = 10;

export interface FuzzOptions {
  readonly seed: number;
  /** Envelopes to send, at least. */
  readonly transactions: number;
  /** In front of every key. */
  readonly prefix: string;
  readonly players: readonly Player[];
  /** Called now and then with the number of envelopes sent. */
  readonly onProgress?: (sent: number) => void;
}

/** How often each code was given, by its name, and how many keys there are at the end. */
export interface FuzzOutcome {
  readonly codes: Readonly<Record<string, number>>;
  readonly sent: number;
  readonly keys: number;
}

/** A network that did something else than the model. */
export class Difference extends Error {
  constructor(player: Player, what: string, expected: unknown, got: unknown, plan?: Plan) {
    const facts = [
      `${player.name}: ${what}`,
      `expected ${JSON.stringify(expected)}`,
      `got      ${JSON.stringify(got)}`,
      ...(plan ? [`in       ${JSON.stringify(plan)}`] : []),
    ];
    super(facts.join('\n'));
    this.name = Difference.name;
  }
}

function nameOf(code: number): string {
  return Object.entries(Code).find(([, value]) => value === code)?.[0] ?? String(code);
}

const FLAWED: Readonly<Record<Flaw, number>> = {
  unendorsed: Code.ENDORSEMENT_POLICY_FAILURE,
  minority: Code.ENDORSEMENT_POLICY_FAILURE,
  flipped: Code.ENDORSEMENT_POLICY_FAILURE,
  forged: Code.ENDORSEMENT_POLICY_FAILURE,
  epoch: Code.BAD_COMMON_HEADER,
};

class Fuzz {
  readonly #options: FuzzOptions;
  readonly #planner: Planner;
  readonly #model = new Model();
  readonly #runs = new Map<Plan, Run>();
  readonly #judged = new Set<Plan>();
  readonly #codes: Record<string, number> = {};

  constructor(options: FuzzOptions) {
    this.#options = options;
    const { seed, prefix, players } = options;
    const resends = players.every(({ target }) => target.consensus !== BFT);
    this.#planner = new Planner({ seed, prefix, resends, exists: (key) => this.#model.has(key) });
  }

  /** @throws {@link Difference} */
  async run(): Promise<FuzzOutcome> {
    const { transactions, onProgress } = this.#options;
    await this.#play(this.#planner.first());
    for (let round = 1; this.#planner.count < transactions; round++) {
      await this.#play(this.#planner.next());
      if (round % LOOK === 0) {
        await this.#compareStates();
        onProgress?.(this.#planner.count);
      }
    }
    await this.#compareStates();
    const keys = this.#model.state().length;
    return { codes: this.#codes, sent: this.#planner.count, keys };
  }

  async #play({ endorsed, sent }: Round): Promise<void> {
    for (const plan of endorsed) {
      this.#runs.set(plan, this.#model.run(plan.steps));
    }
    for (const player of this.#options.players) {
      await Promise.all(endorsed.map((plan) => this.#endorse(player, plan)));
    }
    const expected = sent.map((plan) => this.#judge(plan));
    for (const player of this.#options.players) {
      const codes = await player.send(sent);
      sent.forEach((plan, index) => {
        if (codes[index] !== expected[index]) {
          const [wanted, got] = [nameOf(expected[index]!), nameOf(codes[index]!)];
          throw new Difference(player, 'another validation code', wanted, got, plan);
        }
      });
    }
    for (const code of expected) {
      this.#codes[nameOf(code)] = (this.#codes[nameOf(code)] ?? 0) + 1;
    }
  }

  async #endorse(player: Player, plan: Plan): Promise<void> {
    const run = this.#runs.get(plan)!;
    const endorsed = await player.endorse(plan);
    const expected = JSON.stringify(run.results);
    for (const response of endorsed.responses) {
      const got = Buffer.from(response.getResponse()?.getPayload_asU8() ?? []).toString();
      if (got !== expected) {
        throw new Difference(player, 'another answer', expected, got, plan);
      }
    }
    const [wanted, noted] = [expectedNotes(run), notesOf(player, endorsed)];
    if (!isDeepStrictEqual(wanted, noted)) {
      throw new Difference(player, 'another read-write set', wanted, noted, plan);
    }
  }

  #judge(plan: Plan): number {
    if (plan.flaw === 'epoch') {
      return FLAWED.epoch;
    }
    if (this.#judged.has(plan)) {
      return Code.DUPLICATE_TXID;
    }
    this.#judged.add(plan);
    return plan.flaw === undefined ? this.#model.commit(this.#runs.get(plan)!) : FLAWED[plan.flaw];
  }

  async #compareStates(): Promise<void> {
    const expected = JSON.stringify(this.#model.state());
    for (const player of this.#options.players) {
      for (const [node, state] of await player.states(this.#options.prefix)) {
        if (state !== expected) {
          throw new Difference(player, `another state at ${node}`, expected, state);
        }
      }
    }
  }
}

type Notes = readonly (readonly unknown[])[];
const sorted = <Item>(
  items: Iterable<readonly [string, Item]>,
): readonly (readonly [string, Item])[] =>
  [...items].sort(([left], [right]) => (left < right ? -1 : 1));

/** What of a read-write set does not depend on block numbers. */
function expectedNotes({ reads, writes, ranges }: Run): Notes {
  const distinct = new Map(
    ranges.map(({ start, end, exhausted }) => [JSON.stringify([start, end, exhausted]), 0]),
  );
  return [
    sorted(reads).map(([key, version]) => [key, version !== undefined]),
    sorted(writes).map(([key, value]) => [key, value]),
    [...distinct.keys()],
  ];
}

function notesOf(player: Player, endorsed: Endorsed): Notes {
  const set = resultsOf(endorsed).get(player.target.names.chaincode);
  return [
    (set?.readsList ?? []).map(({ key, version }) => [key, version !== undefined]),
    (set?.writesList ?? []).map(({ key, isDelete, value }) => [
      key,
      isDelete ? null : Buffer.from(String(value), 'base64').toString(),
    ]),
    (set?.rangeQueriesInfoList ?? []).map(({ startKey, endKey, itrExhausted }) =>
      JSON.stringify([startKey, endKey, itrExhausted]),
    ),
  ];
}

/** @throws {@link Difference} at the first thing that is not as in the model. */
export function fuzz(options: FuzzOptions): Promise<FuzzOutcome> {
  return new Fuzz(options).run();
}
