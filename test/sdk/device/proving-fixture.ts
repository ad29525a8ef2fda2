/**
 * An end node with a ledger, and a manager that holds every key a manager has. What it answers to a challenge is up to the
 * test: by default it tells what the ledger says.
 */
import { newEd25519Signer, signEnvelope } from '@lamplighter/sdk/crypto';
import {
  BlobKind,
  encodeManifest,
  encodeSigned,
  toHex,
  type BlobRef,
  type Message,
} from '@lamplighter/sdk/wire';
import { PIN, TestLedger } from '../protocol/proof-fixture.ts';
import { VENDOR_SECRET } from '../protocol/session-fixture.ts';
import { DeviceFixture, FACTORY, sha256, type Release } from './device-fixture.ts';

/** What a manager says to a challenge; null for nothing at all. */
export type AnswerChallenge = (challenge: Uint8Array) => Message | null;

export class ProvingFixture extends DeviceFixture {
  readonly ledger: TestLedger;
  /** By the digest of the set that a link leads away from, hex; kind 8 for a set of the vendor's. */
  readonly links = new Map<string, { readonly kind: number; readonly object: Uint8Array }>();
  /** What M says that the device runs. */
  current = { seq: FACTORY.seq, hfw: sha256(FACTORY.bytes) };
  /** Challenges that came, newest last. */
  readonly challenges: Uint8Array[] = [];
  answer: AnswerChallenge = (challenge) => this.none(this.ledger.proof(challenge));
  #sent: Promise<void> = Promise.resolve();

  constructor(ledger = new TestLedger()) {
    super('end');
    this.ledger = ledger;
    this.pin(ledger.signedSet());
    this.manager.onMessage = (message) => this.#answered(message);
  }

  /** Gives the device a ledger, or another first set. */
  pin(validators: Uint8Array): void {
    if (this.identity.kind !== 'end') throw new Error('expected an end node');
    this.identity = { ...this.identity, ledger: { ...PIN, validators } };
  }

  /** An object for the device to fetch. */
  offerBlob(kind: number, bytes: Uint8Array): BlobRef {
    const digest = sha256(bytes);
    this.manager.objects.set(toHex(digest), { kind: 'blob', bytes });
    return { kind, sha256: digest, size: bytes.length };
  }

  /** "There is nothing", with a proof or without. */
  none(proof: Uint8Array | null, why = 0): Message {
    const proofs = proof === null ? false : this.offerBlob(BlobKind.proofSet, proof);
    return { type: 'upd-none', why, proofs };
  }

  /** An offer, with a proof or without. */
  offerOf(release: Release, proof: Uint8Array | null): Message {
    const proofs = proof === null ? false : this.offerBlob(BlobKind.proofSet, proof);
    return {
      type: 'upd-offer',
      curSeq: this.current.seq,
      curHfw: this.current.hfw,
      manifest: release.ref,
      proofs,
    };
  }

  /** The ledger approves a release: from now on its peers name it. */
  approve({ manifest }: Release): void {
    this.ledger.approve(encodeManifest(manifest), manifest);
  }

  /** The device asks, and everything that follows happens. */
  async query(): Promise<void> {
    await this.clock.advance(61);
    this.device?.requestUpdate();
    await this.clock.advance(2);
    await this.#sent;
    await this.clock.advance(0);
  }

  /** M pushes an object. */
  async push(kind: number, bytes: Uint8Array): Promise<number> {
    await this.manager.send({ type: 'push', ref: this.offerBlob(kind, bytes) });
    await this.clock.advance(0);
    return this.manager.last('push-ack').code;
  }

  /** A step from one ledger's set to another's. */
  linkTo(from: TestLedger, to: TestLedger, object = from.link(to)): void {
    this.links.set(from.digest, { kind: BlobKind.validatorLink, object });
  }

  /** The codes of what the device did not believe. */
  get unproven(): string[] {
    return this.told('unproven').map(({ code }) => code);
  }

  #answered(message: Message): boolean {
    if (message.type === 'upd-query' || message.type === 'proof-want') {
      this.challenges.push(message.challenge);
      this.#send(this.answer(message.challenge));
      return true;
    }
    if (message.type !== 'want') return false;
    if (this.manager.objects.has(toHex(message.sha256))) return false;
    const link = this.links.get(toHex(message.sha256));
    this.#send(
      link === undefined
        ? { type: 'error', re: 20, code: 9 }
        : { type: 'push', ref: this.offerBlob(link.kind, link.object) },
    );
    return true;
  }

  #send(message: Message | null): void {
    if (message === null) return;
    this.#sent = this.#sent.then(() => this.manager.send(message));
  }
}

/** The next roots, signed by whom it says. */
export function signedRoots(payload: Uint8Array, ...secrets: readonly Uint8Array[]): Uint8Array {
  const signers = (secrets.length === 0 ? [VENDOR_SECRET] : secrets).map(newEd25519Signer);
  return encodeSigned(signEnvelope('roots', payload, ...signers));
}
