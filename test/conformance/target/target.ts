/**
 * A network under test, reached by nothing but its connection profile: clients of every organisation's administrator, and the
 * validation codes that every peer gives. What two peers say about one transaction must be the same: that is checked at each commit.
 */
import { randomBytes } from 'node:crypto';

import { common, peer } from '@hyperledger/fabric-protos';

import { newSigner } from '../../../network/src/membership/signer.ts';
import {
  newEnvelope,
  RawClient,
  type Draft,
  type EnvelopeChanges,
  type ProposalFields,
} from '../../network/embedded/raw-client.ts';
import {
  BlockFollower,
  DELIVER,
  transactionIdIn,
  type Judged,
  type Verdict,
} from './block-follower.ts';
import { readConsensus } from './consensus.ts';
import type { TargetOrganisation, TargetProfile } from './profile.ts';

const SUCCESS: number = common.Status.SUCCESS;

export interface Endorsed {
  readonly draft: Draft;
  readonly responses: readonly peer.ProposalResponse[];
}

export interface TargetNames {
  readonly chaincode: string;
  /** A second one with the same contract, to be called by the first. */
  readonly callee: string;
}

/** What a chaincode or a peer refused. */
export class Refusal extends Error {
  readonly status: number;

  constructor(response: peer.Response) {
    super(response.getMessage());
    this.status = response.getStatus();
  }
}

/** What the orderer did not order. */
export class OrderRefusal extends Error {
  override readonly name = 'OrderRefusal';
  readonly status: number;

  constructor(status: number, info: string) {
    super(`the orderer answered ${status} ${info}`);
    this.status = status;
  }
}

export class Target {
  readonly profile: TargetProfile;
  readonly names: TargetNames;
  /** Of the first organisation's administrator. */
  readonly client: RawClient;
  /** In front of every key, so that a network can be tested again. */
  readonly prefix = `${randomBytes(5).toString('hex')}-`;
  /** Of its orderers, as the channel's configuration says: `BFT`, `etcdraft`, … */
  readonly consensus: string;
  readonly #clients: ReadonlyMap<string, RawClient>;
  readonly #followers: ReadonlyMap<string, BlockFollower>;

  private constructor(
    profile: TargetProfile,
    names: TargetNames,
    consensus: string,
    clients: ReadonlyMap<string, RawClient>,
    followers: ReadonlyMap<string, BlockFollower>,
  ) {
    this.profile = profile;
    this.names = names;
    this.consensus = consensus;
    this.#clients = clients;
    this.#followers = followers;
    this.client = this.clientOf(this.organisations[0].mspId);
  }

  static async open(profile: TargetProfile, names: TargetNames): Promise<Target> {
    const clients = new Map(
      profile.organisations.map(({ mspId, administrator }) => [
        mspId,
        new RawClient(profile.connection, newSigner(administrator)),
      ]),
    );
    const [client] = clients.values();
    const followers = new Map<string, BlockFollower>();
    for (const name of client!.peers) {
      const follower = new BlockFollower(client!.stream(name, DELIVER));
      followers.set(name, follower);
      await follower.start(client!.signer, profile.channel);
    }
    const consensus = await readConsensus(client!, profile.channel);
    return new Target(profile, names, consensus, clients, followers);
  }

  get channel(): string {
    return this.profile.channel;
  }

  get organisations(): readonly [TargetOrganisation, ...TargetOrganisation[]] {
    return this.profile.organisations as readonly [TargetOrganisation, ...TargetOrganisation[]];
  }

  /** The administrator's client of an organisation. */
  clientOf(mspId: string): RawClient {
    return this.#clients.get(mspId)!;
  }

  /** One peer of each organisation: what a policy of any majority is content with. */
  get endorsers(): readonly string[] {
    return this.organisations.map(({ peers }) => peers[0]!);
  }

  key(name: string): string {
    return `${this.prefix}${name}`;
  }

  /** A call of the contract. */
  fields(name: string, ...args: readonly string[]): ProposalFields {
    return {
      channel: this.channel,
      chaincode: this.names.chaincode,
      args: [`Features:${name}`, ...args],
    };
  }

  /** @throws {@link Refusal} when a peer or the contract does not answer with 200. */
  async evaluate(name: string, ...args: readonly string[]): Promise<string> {
    return Buffer.from(await this.query(this.fields(name, ...args))).toString();
  }

  /** Asks one peer, the first one by default. @throws {@link Refusal} */
  async query(fields: ProposalFields, node?: string): Promise<Uint8Array> {
    const response = await this.client.query({ channel: this.channel, ...fields }, node);
    if (response.getStatus() !== SUCCESS) {
      throw new Refusal(response);
    }
    return response.getPayload_asU8();
  }

  endorse(name: string, ...args: readonly string[]): Promise<Endorsed> {
    return this.client.endorse(this.fields(name, ...args), this.endorsers);
  }

  /**
   * Broadcasts and waits for all peers.
   *
   * @returns the validation code.
   * @throws {@link OrderRefusal}; Error when two peers judge differently.
   */
  async commit(envelope: Uint8Array): Promise<number> {
    const { status, info } = await this.client.broadcast(envelope);
    if (status !== SUCCESS) {
      throw new OrderRefusal(status, info);
    }
    return this.code(transactionIdIn(envelope));
  }

  /** @returns the code that all peers give. @throws Error when they differ. */
  async code(transactionId: string): Promise<number> {
    return (await this.verdict(transactionId)).code;
  }

  /** The same with the place in the chain. */
  async verdict(transactionId: string): Promise<Verdict> {
    const verdicts = await Promise.all(
      [...this.#followers.values()].map((follower) => follower.verdict(transactionId)),
    );
    const told = verdicts.map(({ code, blockNumber, index }) => [code, blockNumber, index].join());
    if (new Set(told).size !== 1) {
      throw new Error(`the peers judge ${transactionId} differently: ${told.join(' ')}`);
    }
    return verdicts[0]!;
  }

  /** @param listener - told of every transaction that a peer commits from now on, in order. */
  observe(node: string, listener: (judged: Judged) => void): void {
    this.#followers.get(node)!.onTransaction = listener;
  }

  /** To wait for the same id again. */
  forget(transactionId: string): void {
    for (const follower of this.#followers.values()) {
      follower.forget(transactionId);
    }
  }

  /** Endorses, changes, broadcasts. @returns the validation code. */
  async submitWith(
    changes: EnvelopeChanges | ((endorsed: Endorsed) => EnvelopeChanges),
    name: string,
    ...args: readonly string[]
  ): Promise<number> {
    return this.submitEndorsed(await this.endorse(name, ...args), changes);
  }

  async submitEndorsed(
    endorsed: Endorsed,
    changes: EnvelopeChanges | ((endorsed: Endorsed) => EnvelopeChanges) = {},
  ): Promise<number> {
    const made = typeof changes === 'function' ? changes(endorsed) : changes;
    const { draft, responses } = endorsed;
    return this.commit(newEnvelope(draft, responses, this.client.signer, made));
  }

  /** Endorses by one peer of each organisation and commits. @throws {@link Refusal} */
  async submit(
    name: string,
    ...args: readonly string[]
  ): Promise<{ readonly code: number; readonly result: string; readonly transactionId: string }> {
    const endorsed = await this.endorse(name, ...args);
    const refused = endorsed.responses.find((response) => !response.hasEndorsement());
    if (refused) {
      throw new Refusal(refused.getResponse()!);
    }
    return {
      result: Buffer.from(endorsed.responses[0]!.getResponse()!.getPayload_asU8()).toString(),
      code: await this.submitEndorsed(endorsed),
      transactionId: endorsed.draft.transactionId,
    };
  }

  close(): void {
    for (const follower of this.#followers.values()) {
      follower.close();
    }
    for (const client of this.#clients.values()) {
      client.close();
    }
  }
}
