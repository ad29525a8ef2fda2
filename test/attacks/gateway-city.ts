/**
 * A device, its ledger, and a management node with all its keys stolen: whoever has them holds the session, chooses every
 * answer, and has recorded what peers signed before. He has no key of the vendor's and no majority of the stake.
 */
import {
  BlobKind,
  encodeManifest,
  encodeProofSet,
  toHex,
  type Message,
  type ProofResponse,
} from '@lamplighter/sdk/wire';
import { FACTORY, imageOf, sha256, type Release } from '../sdk/device/device-fixture.ts';
import { ProvingFixture } from '../sdk/device/proving-fixture.ts';
import { settle } from '../sdk/device/virtual-clock.ts';
import {
  TestLedger,
  responseOf,
  type Answer,
  type Peer,
  type Said,
} from '../sdk/protocol/proof-fixture.ts';

import type { DroppedResponses } from '@lamplighter/sdk/protocol';

/** Numbers from the seed. */
export interface Chance {
  /** An integer from 0 to `count - 1`. */
  below(count: number): number;
  bytes(count: number): Uint8Array;
  of<T>(values: readonly [T, ...T[]]): T;
}

export function chanceOf(random: () => number): Chance {
  const below = (count: number): number => Math.floor(random() * count);
  return {
    below,
    bytes: (count) => Uint8Array.from({ length: count }, () => below(256)),
    of: (values) => values[below(values.length)] ?? values[0],
  };
}

/** What a try came to. */
export interface TryOutcome {
  /** Something ran, or was about to, that it must not. */
  readonly installed: boolean;
  /** The device believes that it is current, and it is not. */
  readonly fooled: boolean;
  /** The validator set or the vendor's roots were moved by somebody else. */
  readonly moved: boolean;
  /** Codes that the device told its operator. */
  readonly told: readonly string[];
}

/** See the module comment. Seven runs; eight is approved; nine is the vendor's too, but nobody approved it. */
export class GatewayCity {
  readonly fixture: ProvingFixture;
  readonly chance: Chance;
  readonly older: Release;
  readonly right: Release;
  readonly unapproved: Release;
  readonly otherModel: Release;
  /** What peers signed for challenges of earlier days. */
  readonly recorded: Uint8Array[] = [];

  constructor(chance: Chance) {
    this.chance = chance;
    this.fixture = new ProvingFixture(new TestLedger({ Alpha: 40, Beta: 35, Gamma: 25 }));
    this.older = this.#release(6);
    this.right = this.#release(8);
    this.unapproved = this.#release(9);
    this.otherModel = this.fixture.release(imageOf(900, 40), { model: 'model-2', seq: 9 });
    this.fixture.approve(this.right);
  }

  get ledger(): TestLedger {
    return this.fixture.ledger;
  }

  start(): Promise<void> {
    return this.fixture.start();
  }

  close(): Promise<void> {
    return this.fixture.close();
  }

  /** What the contract says now, with changes. */
  saying(changes: Partial<Said>): TestLedger {
    const other = new TestLedger({ Alpha: 40, Beta: 35, Gamma: 25 });
    other.said = { ...this.ledger.said, ...changes };
    return other;
  }

  /** Statement that names a release. */
  naming(release: Release): Partial<Said> {
    const { gen, seq } = release.manifest;
    return { gen, seq, manifest: toHex(sha256(encodeManifest(release.manifest))) };
  }

  /** What somebody with the manager's keys would have the device believe: an install, or that there is nothing. */
  lie(): { readonly said: Partial<Said>; readonly answer: (proof: Uint8Array | null) => Message } {
    return this.chance.of([
      {
        said: this.naming(this.unapproved),
        answer: (proof) => this.fixture.offerOf(this.unapproved, proof),
      },
      {
        said: { gen: FACTORY.gen, seq: FACTORY.seq, manifest: toHex(sha256(FACTORY.bytes)) },
        answer: (proof) => this.fixture.none(proof),
      },
      { said: { gen: 0, seq: 0, manifest: '' }, answer: (proof) => this.fixture.none(proof, 1) },
    ]);
  }

  /** A proof of whatever these peers are made to answer. */
  proofOf(
    peers: readonly Peer[],
    answer: (peer: Peer) => Answer,
    spoil: (response: ProofResponse, peer: Peer) => ProofResponse = (response) => response,
  ): Uint8Array {
    const responses = peers.map((peer) => spoil(responseOf(peer, answer(peer)), peer));
    return encodeProofSet({ path: [], responses });
  }

  /** One query of the device, answered by `answer`. */
  async attempt(answer: (challenge: Uint8Array) => Message): Promise<TryOutcome> {
    const { fixture } = this;
    const before = fixture.events.length;
    fixture.answer = answer;
    fixture.device?.requestUpdate();
    await fixture.clock.advance(1);
    await this.#untilQuiet();
    const events = fixture.events.slice(before);
    const has = (...names: string[]): boolean => events.some(({ name }) => names.includes(name));
    const told = new Set<string>();
    for (const name of ['unproven', 'updateRefused', 'pushRefused'] as const) {
      for (const event of events.filter((each) => each.name === name))
        told.add(wordsOf(event.payload));
    }
    const { trial, active } = await fixture.firmware.load();
    return {
      installed: has('restarting') || trial !== null || active !== 'A',
      fooled: events.some(({ name, payload }) => name === 'noUpdate' && (payload as Told).why < 2),
      moved: has('validators', 'roots'),
      told: [...told],
    };
  }

  /** M pushes something, unasked. */
  push(kind: number, object: Uint8Array): void {
    const ref = this.fixture.offerBlob(kind, object);
    for (const frame of this.fixture.manager.session.seal({ type: 'push', ref })) {
      this.fixture.manager.push(frame);
    }
  }

  /** Answers a question for a link. */
  offerLink(object: Uint8Array): void {
    this.fixture.links.set(this.ledger.digest, { kind: BlobKind.validatorLink, object });
  }

  #release(seq: number): Release {
    const version = `1.0.${String(seq)}`;
    return this.fixture.release(imageOf(800, seq), { seq, version });
  }

  /** Until neither end has more to say. */
  async #untilQuiet(): Promise<void> {
    const { manager, events } = this.fixture;
    for (let seen = -1; seen !== manager.received.length + events.length;) {
      seen = manager.received.length + events.length;
      await settle(6);
    }
  }
}

interface Told {
  readonly why: number;
  readonly code: number | string;
  readonly dropped?: DroppedResponses;
}

/** A code, and what was wrong with the responses that did not count. */
function wordsOf(payload: unknown): string {
  const { code, dropped = {} } = payload as Told;
  const faults = Object.keys(dropped).sort();
  return faults.length === 0 ? String(code) : `${String(code)} (${faults.join(' ')})`;
}
