/** A ledger of organisations whose peers sign answers, right ones and wrong ones, for the tests of §7.3. */
import { p256 } from '@noble/curves/nist.js';
import { leafHash, newEd25519Signer, signEnvelope } from '@lamplighter/sdk/crypto';
import type { LedgerPin } from '@lamplighter/sdk/protocol';
import {
  compareValidators,
  encodeProofSet,
  encodeSigned,
  encodeValidatorLink,
  encodeValidatorSet,
  toHex,
  type ChallengeStep,
  type ProofResponse,
  type Validator,
  type ValidatorSet,
} from '@lamplighter/sdk/wire';
import { createHash } from 'node:crypto';
import { lengthDelimited, varintField } from '../../../network/src/embedded/wire/fields.ts';
import { VENDOR_SECRET, filled } from './session-fixture.ts';

export const PIN: LedgerPin = { channel: 'city', chaincode: 'lamplighter' };
export const MODEL = 'model-1';
export const TIME = 1_500_000;

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

const plain = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** One peer of an organisation. Devices never look into a certificate, so any bytes are one. */
export interface Peer {
  readonly mspId: string;
  readonly secret: Uint8Array;
  readonly der: Uint8Array;
}

export function peerOf(mspId: string, number = 0): Peer {
  const secret = sha256(text(`${mspId}/${String(number)}`));
  return { mspId, secret, der: sha256(text(`certificate of ${mspId}/${String(number)}`)) };
}

export function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

export function identityOf({ mspId, der }: Pick<Peer, 'mspId' | 'der'>): Uint8Array {
  return plain(
    Buffer.concat([lengthDelimited(1, text(mspId)), lengthDelimited(2, text(pemOf(der)))]),
  );
}

export function validatorOf(peer: Peer, shares: number): Validator {
  const { mspId, der, secret } = peer;
  return { mspId, cert: sha256(der), key: p256.getPublicKey(secret, false), shares };
}

export function setOf(
  validators: readonly Validator[],
  changes: Partial<ValidatorSet> = {},
): ValidatorSet {
  const shares = new Map(validators.map((each) => [each.mspId, each.shares]));
  const total = [...shares.values()].reduce((sum, each) => sum + each, 0);
  const sorted = [...validators].sort(compareValidators);
  return { epoch: 5, num: 1, den: 2, total, validators: sorted, ...changes };
}

/** What a peer is made to answer, and how its answer is spoiled. */
export interface Answer {
  readonly channel: string;
  readonly chaincode: string;
  readonly args: readonly string[];
  readonly statement: string | Uint8Array;
  readonly type: number;
  readonly status: number;
  readonly isInit: boolean;
}

export function newAnswer(changes: Partial<Answer>): Answer {
  return {
    ...PIN,
    args: [],
    statement: '',
    type: 3,
    status: 200,
    isInit: false,
    ...changes,
  };
}

export type Proposal = Pick<ProofResponse, 'chdr' | 'shdr' | 'ccpp'>;

export function proposalOf(answer: Answer): Proposal {
  const { channel, chaincode, args, type, isInit } = answer;
  const input = lengthDelimited(
    3,
    ...args.map((arg) => lengthDelimited(1, text(arg))),
    isInit ? varintField(3, 1) : new Uint8Array(),
  );
  const name = lengthDelimited(2, lengthDelimited(2, text(chaincode)));
  const spec = lengthDelimited(1, varintField(1, 2), name, input);
  return {
    chdr: plain(
      Buffer.concat([
        varintField(1, type),
        lengthDelimited(3, varintField(1, TIME), varintField(2, 7)),
        lengthDelimited(4, text(channel)),
        lengthDelimited(5, text('transaction')),
        lengthDelimited(7, name),
      ]),
    ),
    shdr: plain(
      Buffer.concat([lengthDelimited(1, text('gateway')), lengthDelimited(2, filled(9, 24))]),
    ),
    ccpp: plain(lengthDelimited(1, spec)),
  };
}

/** The bytes that a peer signs, without its identity. */
export function payloadOf(answer: Answer, proposal: Proposal): Uint8Array {
  const { statement, status, chaincode } = answer;
  const inner = typeof statement === 'string' ? text(statement) : statement;
  const action = [
    lengthDelimited(1, text('reads and writes')),
    lengthDelimited(3, varintField(1, status), lengthDelimited(3, inner)),
    lengthDelimited(4, lengthDelimited(2, text(chaincode)), lengthDelimited(3, text('1.0'))),
  ];
  const hash = sha256(proposal.chdr, proposal.shdr, proposal.ccpp);
  return plain(Buffer.concat([lengthDelimited(1, hash), lengthDelimited(2, ...action)]));
}

/** ECDSA as a peer signs: DER, low s. */
export function signedBy(peer: Peer, payload: Uint8Array, endorser: Uint8Array): Uint8Array {
  return plain(p256.sign(sha256(payload, endorser), peer.secret, { lowS: true }).toBytes('der'));
}

/** A peer's signed answer; `proposal` other than the answer's own is what it claims to be about. */
export function responseOf(
  peer: Peer,
  answer: Answer,
  proposal: Proposal = proposalOf(answer),
): ProofResponse {
  const payload = payloadOf(answer, proposal);
  const endorser = identityOf(peer);
  return { ...proposal, payload, endorser, sig: signedBy(peer, payload, endorser) };
}

/** The twin of a signature: (r, n - s). */
export function highS(sig: Uint8Array): Uint8Array {
  const { r, s } = p256.Signature.fromBytes(sig, 'der');
  return plain(new p256.Signature(r, p256.Point.Fn.ORDER - s).toBytes('der'));
}

/** JSON with its keys in order, as the contract writes it. */
export function jsonOf(fields: Readonly<Record<string, string | number>>): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
}

/** What a release statement says besides what it was asked. */
export interface Said {
  readonly gen: number;
  readonly seq: number;
  readonly manifest: string;
  readonly epoch: number;
  readonly validators: string;
  readonly time: number;
}

/** Hex of C for a challenge, alone or in a tree. */
export function rootOf(challenge: Uint8Array, path: readonly ChallengeStep[] = []): string {
  const node = (left: Uint8Array, right: Uint8Array): Uint8Array =>
    sha256(Uint8Array.of(1), left, right);
  const root = path.reduce(
    (hash, { left, sibling }) => (left ? node(sibling, hash) : node(hash, sibling)),
    leafHash(challenge),
  );
  return toHex(root);
}

/** Three organisations with 40, 35 and 25 shares, two peers in the first, and the set they are. */
export class TestLedger {
  readonly peers: readonly Peer[];
  readonly set: ValidatorSet;
  readonly encodedSet: Uint8Array;
  /** What the contract would say now. */
  said: Said;

  constructor(
    shares: Readonly<Record<string, number>> = { Alpha: 40, Beta: 35, Gamma: 25 },
    changes: Partial<ValidatorSet> = {},
    generation = 0,
  ) {
    const organisations = Object.entries(shares);
    this.peers = organisations.map(([mspId]) => peerOf(mspId, generation));
    this.set = setOf(
      organisations.flatMap(([, each], at) => [
        validatorOf(this.peers[at]!, each),
        ...(at === 0 ? [validatorOf(this.second, each)] : []),
      ]),
      changes,
    );
    this.encodedSet = encodeValidatorSet(this.set);
    const { epoch } = this.set;
    const validators = this.digest;
    this.said = { gen: 0, seq: 0, manifest: '', epoch, validators, time: TIME };
  }

  /** Another peer of the first organisation. */
  get second(): Peer {
    return { ...peerOf(this.peers[0]!.mspId, 1000), mspId: this.peers[0]!.mspId };
  }

  /** SHA-256 of the set, hex. */
  get digest(): string {
    return toHex(sha256(this.encodedSet));
  }

  /** The set as the vendor signs it. */
  signedSet(secret: Uint8Array = VENDOR_SECRET): Uint8Array {
    return encodeSigned(signEnvelope('validators', this.encodedSet, newEd25519Signer(secret)));
  }

  approve(signedPayload: Uint8Array | null, { gen, seq }: { gen: number; seq: number }): void {
    const manifest = signedPayload === null ? '' : toHex(sha256(signedPayload));
    this.said = { ...this.said, gen, seq, manifest };
  }

  /** What a peer answers to `Firmware:ProveRelease` for a challenge. */
  release(
    challenge: Uint8Array,
    changes: Partial<Answer> = {},
    path: readonly ChallengeStep[] = [],
  ): Answer {
    const root = rootOf(challenge, path);
    const { channel } = newAnswer(changes);
    const fields = { ...this.said, docType: 'releaseProof', schema: 1, model: MODEL };
    const statement = jsonOf({ ...fields, channel, challenge: root });
    return newAnswer({
      args: ['Firmware:ProveRelease', MODEL, root],
      statement,
      ...changes,
    });
  }

  /** A proof set in which every organisation says what is so. */
  proof(challenge: Uint8Array, path: readonly ChallengeStep[] = []): Uint8Array {
    const responses = this.peers.map((peer) => responseOf(peer, this.release(challenge, {}, path)));
    return encodeProofSet({ path, responses });
  }

  /** One peer's signed answer. */
  answered(peer: Peer, challenge: Uint8Array, changes: Partial<Answer> = {}): ProofResponse {
    return responseOf(peer, this.release(challenge, changes));
  }

  /** What a peer answers to `Stake:ProveValidators`. */
  linkAnswer(to: TestLedger, changes: Partial<Answer> = {}): Answer {
    const [from, next] = [this.digest, to.digest];
    const fields = { docType: 'validatorLink', schema: 1, channel: PIN.channel };
    const statement = jsonOf({ ...fields, epoch: to.set.epoch, from, to: next });
    return newAnswer({ args: ['Stake:ProveValidators', from, next], statement, ...changes });
  }

  /** The step from this set to the one of another ledger, by the peers of this one. */
  link(to: TestLedger, peers: readonly Peer[] = this.peers): Uint8Array {
    const responses = peers.map((peer) => responseOf(peer, this.linkAnswer(to)));
    return encodeValidatorLink({ set: to.encodedSet, responses });
  }
}
