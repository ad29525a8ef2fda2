/** Plays planned transactions on one network: endorses them, spoils some, sends them in order and hears what every peer says. */
import { common, ledger, orderer } from '@hyperledger/fabric-protos';

import { newEnvelope, type EnvelopeChanges } from '../../network/embedded/raw-client.ts';
import { flip, withResults, withSignatures } from '../suite/endorsements.ts';
import { BFT, readLeader } from '../target/consensus.ts';
import type { Judged } from '../target/block-follower.ts';
import type { Endorsed, Target } from '../target/target.ts';
import type { Flaw, Plan } from './plans.ts';

const { kvrwset } = ledger.rwset;
const BROADCAST = '/orderer.AtomicBroadcast/Broadcast';
const COMMIT_TIMEOUT_MS = 30_000;

type Spoiler = (endorsed: Endorsed) => EnvelopeChanges;

/** So few that a majority of the organisations is missing. */
const few = ({ responses }: Endorsed): number => Math.floor(responses.length / 2);

const SPOILERS: Readonly<Record<Flaw, Spoiler>> = {
  unendorsed: () => ({ endorsements: [] }),
  minority: (endorsed) => ({
    endorsements: endorsed.responses
      .slice(0, few(endorsed))
      .map((response) => response.getEndorsement()!),
  }),
  flipped: (endorsed) => withSignatures(endorsed.responses.length, flip)(endorsed),
  forged: withResults((results) => {
    const write = new kvrwset.KVWrite();
    write.setKey('forged');
    write.setValue('forged');
    const own = results.getNsRwsetList().at(-1)!;
    const content = kvrwset.KVRWSet.deserializeBinary(own.getRwset_asU8());
    content.addWrites(write);
    own.setRwset(content.serializeBinary());
  }),
  epoch: () => ({
    payload: (payload) => {
      const header = payload.getHeader()!;
      const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
      channel.setEpoch(1);
      header.setChannelHeader(channel.serializeBinary());
    },
  }),
};

/** What one peer committed, and who waits for more. */
class Tape {
  readonly judged: Judged[] = [];
  #wake: () => void = () => undefined;

  add(judged: Judged): void {
    this.judged.push(judged);
    this.#wake();
  }

  /** Takes the next ones of the given ids. @throws Error when they do not come. */
  async take(transactionIds: readonly string[]): Promise<readonly Judged[]> {
    const ours = new Set(transactionIds);
    const found = (): readonly Judged[] =>
      this.judged.filter(({ transactionId }) => ours.has(transactionId));
    const signal = AbortSignal.timeout(COMMIT_TIMEOUT_MS);
    while (found().length < transactionIds.length) {
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => {
          reject(new Error(`${found().length} of ${transactionIds.length} were committed`));
        });
      });
    }
    const taken = found();
    this.judged.length = 0;
    return taken;
  }
}

export class Player {
  readonly name: string;
  readonly target: Target;
  readonly #tapes: ReadonlyMap<string, Tape>;
  readonly #envelopes = new Map<Plan, { readonly bytes: Uint8Array; readonly id: string }>();

  constructor(name: string, target: Target) {
    this.name = name;
    this.target = target;
    this.#tapes = new Map(target.client.peers.map((node) => [node, new Tape()]));
    for (const [node, tape] of this.#tapes) {
      target.observe(node, (judged) => {
        tape.add(judged);
      });
    }
  }

  /** Endorses by one peer of each organisation, and keeps the envelope. */
  async endorse(plan: Plan): Promise<Endorsed> {
    const { target } = this;
    const endorsed = await target.endorse('Run', JSON.stringify(plan.steps));
    const changes = plan.flaw === undefined ? {} : SPOILERS[plan.flaw](endorsed);
    const { draft, responses } = endorsed;
    const bytes = newEnvelope(draft, responses, target.client.signer, changes);
    this.#envelopes.set(plan, { bytes, id: draft.transactionId });
    return endorsed;
  }

  /** @returns the codes of the first peer, in the order of the plans. @throws Error when peers differ. */
  async send(plans: readonly Plan[]): Promise<readonly number[]> {
    const envelopes = plans.map((plan) => this.#envelopes.get(plan)!);
    await this.#broadcast(
      await this.#orderer(),
      envelopes.map(({ bytes }) => bytes),
    );
    const ids = envelopes.map(({ id }) => id);
    const told = new Map<string, readonly Judged[]>();
    for (const [node, tape] of this.#tapes) {
      told.set(node, await tape.take(ids));
    }
    const [first, ...others] = [...told.values()];
    for (const other of others) {
      if (JSON.stringify(other) !== JSON.stringify(first)) {
        throw new Error(`the peers of ${this.name} differ: ${JSON.stringify([...told])}`);
      }
    }
    const order = first!.map(({ transactionId }) => transactionId);
    if (order.join() !== ids.join()) {
      throw new Error(`${this.name} did not keep the order of one stream`);
    }
    return first!.map(({ code }) => code);
  }

  /** Every key that begins alike, as each peer has it. */
  async states(prefix: string): Promise<ReadonlyMap<string, string>> {
    const states = new Map<string, string>();
    const fields = this.target.fields('Range', prefix, `${prefix}~`);
    for (const node of this.#tapes.keys()) {
      states.set(node, Buffer.from(await this.target.query(fields, node)).toString());
    }
    return states;
  }

  /** Of BFT orderers the one that leads: the others forward when it is late, each envelope by itself. */
  async #orderer(): Promise<string> {
    const { client, channel, consensus, profile } = this.target;
    if (consensus !== BFT) return client.orderer;
    const leader = await readLeader(client, channel);
    const { orderers } = profile.connection;
    return client.orderers.find((name) => orderers[name]!.url.endsWith(`//${leader}`))!;
  }

  /** On one stream, which keeps the order. */
  #broadcast(node: string, envelopes: readonly Uint8Array[]): Promise<void> {
    const { client } = this.target;
    const stream = client.stream(node, BROADCAST);
    let answers = 0;
    return new Promise((resolve, reject) => {
      stream.on('error', reject);
      stream.on('end', () => {
        reject(new Error(`the orderer of ${this.name} ended the stream`));
      });
      stream.on('data', (bytes: Uint8Array) => {
        const status = orderer.BroadcastResponse.deserializeBinary(bytes).getStatus();
        answers++;
        if (status !== common.Status.SUCCESS) {
          reject(new Error(`the orderer of ${this.name} answered ${status}`));
        } else if (answers === envelopes.length) {
          resolve();
          stream.end();
        }
      });
      envelopes.forEach((envelope) => stream.write(envelope));
    });
  }
}
