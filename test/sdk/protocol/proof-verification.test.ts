/** Proof by the ledger (docs/protocol.md §7.3): what is believed, and each thing that is not. */
import {
  ProofError,
  challengeRoot,
  followLink,
  openSignedSet,
  weighReleaseProof,
} from '@lamplighter/sdk/protocol';
import { ed25519PublicKey, newEd25519Signer, signEnvelope } from '@lamplighter/sdk/crypto';
import {
  encodeProofSet,
  encodeSigned,
  encodeValidatorLink,
  encodeValidatorSet,
  type ProofResponse,
} from '@lamplighter/sdk/wire';
import {
  MODEL,
  PIN,
  TIME,
  TestLedger,
  highS,
  peerOf,
  proposalOf,
  responseOf,
  setOf,
  sha256,
  validatorOf,
  type Answer,
  type Peer,
} from './proof-fixture.ts';
import { VENDOR_SECRET, filled } from './session-fixture.ts';

const CHALLENGE = filled(0x77);
const ledger = new TestLedger();
ledger.approve(filled(1, 100), { gen: 0, seq: 8 });
const [alpha, beta, gamma] = ledger.peers as [Peer, Peer, Peer];

function weigh(responses: readonly ProofResponse[], set = ledger.encodedSet) {
  const proof = encodeProofSet({ path: [], responses });
  return weighReleaseProof(proof, { model: MODEL, challenge: CHALLENGE }, PIN, set);
}

function faultsOf(work: () => unknown): { code: string; dropped: object } {
  try {
    work();
  } catch (error) {
    if (error instanceof ProofError) return { code: error.code, dropped: error.dropped };
    throw error;
  }
  return { code: 'believed', dropped: {} };
}

const codeOf = (work: () => unknown): string => faultsOf(work).code;
const right = (peer: Peer, changes: Partial<Answer> = {}): ProofResponse =>
  responseOf(peer, ledger.release(CHALLENGE, changes));

describe('a release proof', () => {
  it('is believed when more than half of the stake says the same', () => {
    expect(weigh([right(alpha), right(beta)])).toEqual({
      kind: 'proven',
      statement: expect.objectContaining({ gen: 0, seq: 8, time: TIME }) as unknown,
      dropped: {},
    });
    expect(weigh([right(beta), right(gamma)]).kind).toBe('proven');
  });

  it('is not with half of it, or a minority', () => {
    const even = new TestLedger({ Alpha: 50, Beta: 50 });
    expect(codeOf(() => weigh([right(alpha)], even.encodedSet))).toBe('PROOF_NOT_WON');
    expect(codeOf(() => weigh([right(alpha)]))).toBe('PROOF_NOT_WON');
  });

  it('counts an organisation once, however many of its peers sign and however often', () => {
    const twice = [right(alpha), right(ledger.second), right(alpha)];
    expect(codeOf(() => weigh(twice))).toBe('PROOF_NOT_WON');
    expect(weigh([right(ledger.second), right(beta)]).kind).toBe('proven');
  });

  it('is weighed by the whole total, also where some of it has no voice', () => {
    const set = encodeValidatorSet(
      setOf([validatorOf(alpha, 40), validatorOf(beta, 35)], { total: 150 }),
    );
    expect(codeOf(() => weigh([right(alpha), right(beta)], set))).toBe('PROOF_NOT_WON');
  });

  it('of a liar, an unknown peer, a high s and another channel is carried by the rest', () => {
    const lie = ledger.release(CHALLENGE).statement as string;
    const liar = responseOf(
      gamma,
      ledger.release(CHALLENGE, { statement: lie.replace('"seq":8', '"seq":7') }),
    );
    const twin = right(alpha);
    const responses = [
      liar,
      right(peerOf('Delta')),
      { ...twin, sig: highS(twin.sig) },
      right(gamma, { channel: 'side' }),
      right(alpha),
      right(beta),
    ];
    expect(weigh(responses)).toMatchObject({
      kind: 'proven',
      dropped: { ENDORSER_UNKNOWN: 1, SIGNATURE_FALSE: 1, WRONG_CHANNEL: 1 },
    });
  });

  it.each<[string, string, (peer: Peer) => ProofResponse]>([
    ['a peer outside of the set', 'ENDORSER_UNKNOWN', ({ mspId }) => right(peerOf(mspId, 2))],
    [
      'a certificate under another organisation',
      'ENDORSER_UNKNOWN',
      (peer) => right({ ...peer, mspId: peer === alpha ? 'Beta' : 'Alpha' }),
    ],
    [
      'another key than the set’s',
      'SIGNATURE_FALSE',
      (peer) => right({ ...peer, secret: filled(0x55) }),
    ],
    [
      'a signature with a high s',
      'SIGNATURE_FALSE',
      (peer) => ({ ...right(peer), sig: highS(right(peer).sig) }),
    ],
    [
      'a signature without DER’s end',
      'SIGNATURE_FALSE',
      (peer) => ({ ...right(peer), sig: right(peer).sig.slice(0, -1) }),
    ],
    [
      'another nonce than was hashed',
      'PROPOSAL_NOT_SIGNED',
      (peer) => ({ ...right(peer), shdr: proposalOf(ledger.release(CHALLENGE)).shdr.fill(8, -1) }),
    ],
    ['another channel', 'WRONG_CHANNEL', (peer) => right(peer, { channel: 'side' })],
    ['another type of transaction', 'WRONG_CHANNEL', (peer) => right(peer, { type: 1 })],
    ['another chaincode', 'WRONG_CHAINCODE', (peer) => right(peer, { chaincode: 'other' })],
    ['a refusal', 'WRONG_CHAINCODE', (peer) => right(peer, { status: 500 })],
    [
      'a function that echoes its input',
      'WRONG_QUESTION',
      (peer) => right(peer, { args: ['Echo', ledger.release(CHALLENGE).statement as string] }),
    ],
    [
      'one argument more',
      'WRONG_QUESTION',
      (peer) => right(peer, { args: [...ledger.release(CHALLENGE).args, ''] }),
    ],
    [
      'one argument less',
      'WRONG_QUESTION',
      (peer) => right(peer, { args: ledger.release(CHALLENGE).args.slice(0, 2) }),
    ],
    ['an initialisation', 'WRONG_QUESTION', (peer) => right(peer, { isInit: true })],
    [
      'another challenge',
      'WRONG_QUESTION',
      (peer) => responseOf(peer, ledger.release(filled(0x78))),
    ],
    [
      'another challenge in the statement alone',
      'WRONG_STATEMENT',
      (peer) => right(peer, { statement: ledger.release(filled(0x78)).statement }),
    ],
    [
      'another model',
      'WRONG_STATEMENT',
      (peer) =>
        right(peer, {
          statement: (ledger.release(CHALLENGE).statement as string).replace(MODEL, 'model-2'),
        }),
    ],
    [
      'another schema',
      'WRONG_STATEMENT',
      (peer) =>
        right(peer, {
          statement: (ledger.release(CHALLENGE).statement as string).replace('ma":1', 'ma":2'),
        }),
    ],
    [
      'one key more',
      'WRONG_STATEMENT',
      (peer) =>
        right(peer, {
          statement: (ledger.release(CHALLENGE).statement as string).replace('{', '{"a":1,'),
        }),
    ],
    ['no statement', 'WRONG_STATEMENT', (peer) => right(peer, { statement: '' })],
  ])('is not with %s', (_, fault, spoil) => {
    const { code, dropped } = faultsOf(() => weigh([alpha, beta, gamma].map(spoil)));
    expect([code, dropped]).toEqual(['PROOF_NOT_WON', { [fault]: 3 }]);
  });

  it('is not of bytes that are none', () => {
    const question = { model: MODEL, challenge: CHALLENGE };
    for (const bytes of [
      new Uint8Array(),
      filled(0x80),
      encodeProofSet({ path: [], responses: [right(alpha)] }).slice(1),
    ]) {
      expect(codeOf(() => weighReleaseProof(bytes, question, PIN, ledger.encodedSet))).toBe(
        'PROOF_MALFORMED',
      );
    }
  });

  it('is not when an organisation that signs twice lets two statements win', () => {
    const other = new TestLedger();
    other.approve(null, { gen: 0, seq: 7 });
    const lie = responseOf(gamma, other.release(CHALLENGE));
    const both = [right(alpha), right(beta), lie, responseOf(beta, other.release(CHALLENGE))];
    expect(codeOf(() => weigh(both))).toBe('PROOF_AMBIGUOUS');
  });

  it('takes the latest time of statements that differ in nothing else', () => {
    const later = new TestLedger();
    later.approve(filled(1, 100), { gen: 0, seq: 8 });
    later.said = { ...later.said, time: TIME + 60 };
    const again = [alpha, beta].map((peer) => responseOf(peer, later.release(CHALLENGE)));
    expect(weigh([right(alpha), right(beta), ...again])).toMatchObject({
      statement: { time: TIME + 60 },
    });
  });

  describe('for many devices', () => {
    const sibling = filled(0x31);
    const path = [
      { left: true, sibling },
      { left: false, sibling: filled(0x32) },
    ];

    it('is believed when the challenge’s path leads to the root that was asked', () => {
      const question = { model: MODEL, challenge: CHALLENGE };
      const proof = ledger.proof(CHALLENGE, path);
      expect(weighReleaseProof(proof, question, PIN, ledger.encodedSet).kind).toBe('proven');
    });

    it('is not on another path', () => {
      const responses = [alpha, beta].map((peer) =>
        responseOf(peer, ledger.release(CHALLENGE, {}, path)),
      );
      const proof = encodeProofSet({ path: [...path].reverse(), responses });
      const question = { model: MODEL, challenge: CHALLENGE };
      expect(codeOf(() => weighReleaseProof(proof, question, PIN, ledger.encodedSet))).toBe(
        'PROOF_NOT_WON',
      );
    });

    it('has the tree of RFC 9162 over the challenges', () => {
      const leaf = sha256(Uint8Array.of(0), CHALLENGE);
      expect(challengeRoot(CHALLENGE, [])).toEqual(leaf);
      const node = sha256(Uint8Array.of(1), sibling, leaf);
      expect(challengeRoot(CHALLENGE, [{ left: true, sibling }])).toEqual(node);
    });
  });
});

describe('bytes of a proposal that are cut in another way', () => {
  it('are refused at every other place', () => {
    const lone = new TestLedger({ Alpha: 1 });
    const answer = lone.release(CHALLENGE);
    const { chdr, shdr, ccpp } = proposalOf(answer);
    const joined = Uint8Array.from([...chdr, ...shdr, ...ccpp]);
    const { payload, endorser, sig } = responseOf(alpha, answer);
    const own = [chdr.length, chdr.length + shdr.length] as const;
    const outcome = (first: number, second: number): string => {
      const cut = {
        chdr: joined.slice(0, first),
        shdr: joined.slice(first, second),
        ccpp: joined.slice(second),
      };
      const { code, dropped } = faultsOf(() =>
        weigh([{ ...cut, payload, endorser, sig }], lone.encodedSet),
      );
      return [code, ...Object.keys(dropped)].join(' ');
    };
    expect(outcome(...own)).toBe('believed');
    const outcomes = new Set<string>();
    for (let at = 0; at <= joined.length; at += 1) {
      if (at !== own[0] && at <= own[1]) outcomes.add(outcome(at, own[1]));
      if (at !== own[1] && at >= own[0]) outcomes.add(outcome(own[0], at));
    }
    expect([...outcomes]).toEqual(['PROOF_NOT_WON PROPOSAL_NOT_SIGNED']);
  });
});

describe('a set that has moved', () => {
  const next = new TestLedger({ Beta: 60, Gamma: 40 }, { epoch: 6 }, 1);
  const wins = (said: Partial<TestLedger['said']>) => {
    const moved = new TestLedger();
    moved.said = { ...moved.said, ...said };
    return weigh([alpha, beta].map((peer) => responseOf(peer, moved.release(CHALLENGE))));
  };

  it('is told by the old one, and links are due', () => {
    expect(wins({ epoch: 6, validators: next.digest }).kind).toBe('set-moved');
    expect(wins({ epoch: 405, validators: next.digest }).kind).toBe('set-moved');
  });

  it('is not believed to be older, another of the same epoch, or 401 ahead', () => {
    expect(codeOf(() => wins({ epoch: 4, validators: next.digest }))).toBe('PROOF_OF_OTHER_SET');
    expect(codeOf(() => wins({ epoch: 5, validators: next.digest }))).toBe('PROOF_OF_OTHER_SET');
    expect(codeOf(() => wins({ epoch: 406, validators: next.digest }))).toBe('SET_TOO_OLD');
  });

  it('is followed by a link that wins under the older set', () => {
    expect(followLink(ledger.link(next), PIN, ledger.encodedSet)).toEqual(next.encodedSet);
    expect(followLink(ledger.link(next, [alpha, beta]), PIN, ledger.encodedSet)).toEqual(
      next.encodedSet,
    );
  });

  const far = (epoch: number): TestLedger => new TestLedger({ Beta: 1 }, { epoch }, 1);
  it.each<[string, string, () => Uint8Array]>([
    ['by a minority', 'PROOF_NOT_WON', () => ledger.link(next, [alpha])],
    ['by the new set itself', 'PROOF_NOT_WON', () => ledger.link(next, next.peers)],
    [
      'away from another set',
      'LINK_OF_OTHER_SET',
      () =>
        encodeValidatorLink({
          set: next.encodedSet,
          responses: ledger.peers.map((peer) =>
            responseOf(peer, new TestLedger({ Alpha: 9 }).linkAnswer(next)),
          ),
        }),
    ],
    ['to the same epoch', 'SET_NOT_NEWER', () => ledger.link(far(5))],
    ['401 ahead', 'SET_TOO_OLD', () => ledger.link(far(406))],
    [
      'with another set than was named',
      'LINK_OF_OTHER_SET',
      () =>
        encodeValidatorLink({
          set: far(6).encodedSet,
          responses: ledger.peers.map((peer) => responseOf(peer, ledger.linkAnswer(next))),
        }),
    ],
    [
      'with another epoch in the statement',
      'PROOF_NOT_WON',
      () => {
        const answer = ledger.linkAnswer(next);
        const statement = (answer.statement as string).replace('"epoch":6', '"epoch":7');
        return encodeValidatorLink({
          set: next.encodedSet,
          responses: ledger.peers.map((peer) => responseOf(peer, { ...answer, statement })),
        });
      },
    ],
    ['of bytes that are none', 'PROOF_MALFORMED', () => filled(0x81)],
    [
      'to bytes that are no set',
      'PROOF_MALFORMED',
      () =>
        encodeValidatorLink({
          set: filled(1),
          responses: [responseOf(alpha, ledger.linkAnswer(next))],
        }),
    ],
  ])('is not by a link %s', (_, code, link) => {
    expect(codeOf(() => followLink(link(), PIN, ledger.encodedSet))).toBe(code);
  });

  it('400 ahead is the farthest', () => {
    expect(followLink(ledger.link(far(405)), PIN, ledger.encodedSet)).toEqual(far(405).encodedSet);
  });
});

describe('a set signed by the vendor', () => {
  const trust = {
    kind: 'signature',
    threshold: 1,
    keys: [ed25519PublicKey(VENDOR_SECRET)],
  } as const;

  it('is taken as the first, and with any higher epoch', () => {
    expect(openSignedSet(ledger.signedSet(), trust, null)).toEqual(ledger.encodedSet);
    const far = new TestLedger({ Delta: 1 }, { epoch: 5000 });
    expect(openSignedSet(far.signedSet(), trust, 5)).toEqual(far.encodedSet);
  });

  it('is not with the same epoch, by another key, or of other bytes', () => {
    expect(codeOf(() => openSignedSet(ledger.signedSet(), trust, 5))).toBe('SET_NOT_NEWER');
    expect(codeOf(() => openSignedSet(ledger.signedSet(filled(0x66)), trust, 1))).toBe(
      'SET_NOT_SIGNED',
    );
    expect(codeOf(() => openSignedSet(filled(1), trust, 1))).toBe('PROOF_MALFORMED');
  });

  it('is not under the name of another domain', () => {
    const signer = newEd25519Signer(VENDOR_SECRET);
    const release = encodeSigned(signEnvelope('release', ledger.encodedSet, signer));
    expect(codeOf(() => openSignedSet(release, trust, null))).toBe('SET_NOT_SIGNED');
  });
});
