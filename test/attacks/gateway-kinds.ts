/** What a stolen management node may try, by name (docs/protocol.md §7.3, and the table of attacks in §8). */
import {
  encodeProofSet,
  encodeRoots,
  encodeValidatorLink,
  type ChallengeStep,
  type Message,
} from '@lamplighter/sdk/wire';
import {
  MODEL,
  TestLedger,
  highS,
  payloadOf,
  peerOf,
  proposalOf,
  identityOf,
  responseOf,
  signedBy,
  type Answer,
  type Peer,
} from '../sdk/protocol/proof-fixture.ts';
import { ed25519PublicKey } from '@lamplighter/sdk/crypto';
import { signedRoots } from '../sdk/device/proving-fixture.ts';
import type { GatewayCity } from './gateway-city.ts';

/** One try: what the stolen node answers to a challenge. */
export type GatewayAttack = (city: GatewayCity, challenge: Uint8Array) => Message;

/** A lie that peers are made to sign in some false way. */
function lying(
  sign: (city: GatewayCity, challenge: Uint8Array, lie: TestLedger) => Uint8Array,
): GatewayAttack {
  return (city, challenge) => {
    const { said, answer } = city.lie();
    return answer(sign(city, challenge, city.saying(said)));
  };
}

/** All peers sign; what is false is the answer. */
function answering(
  change: (city: GatewayCity, honest: Answer, challenge: Uint8Array) => Answer,
): GatewayAttack {
  return lying((city, challenge, lie) =>
    city.proofOf(lie.peers, () => change(city, lie.release(challenge), challenge)),
  );
}

/** Some peers of organisations that together do not decide: one of the three, each with less than half. */
function minority({ chance, ledger }: GatewayCity): Peer {
  return ledger.peers[chance.below(ledger.peers.length)]!;
}

/** A step to a set that somebody else would like. */
function falseSet(city: GatewayCity, epoch: number): TestLedger {
  return new TestLedger({ Mallory: 1 + city.chance.below(100) }, { epoch }, 7);
}

/** The proof would win if the set were the false one. */
function withLink(
  link: (city: GatewayCity, to: TestLedger) => Uint8Array,
  epochs: (city: GatewayCity) => number = ({ chance }) => 6 + chance.below(300),
): GatewayAttack {
  return (city, challenge) => {
    const to = falseSet(city, epochs(city));
    const object = link(city, to);
    city.offerLink(object);
    if (city.chance.below(2) === 0) city.push(3, object);
    const { said, answer } = city.lie();
    to.said = { ...to.said, ...said, epoch: to.set.epoch, validators: to.digest };
    return answer(to.proof(challenge));
  };
}

function flipped(city: GatewayCity, bytes: Uint8Array): Uint8Array {
  const at = city.chance.below(bytes.length);
  return bytes.with(at, (bytes[at] ?? 0) ^ (1 << city.chance.below(8)));
}

/** Answers with what is recorded of an earlier challenge. */
const replay: GatewayAttack = (city, challenge) => {
  const past = city.recorded.at(city.chance.below(city.recorded.length)) ?? new Uint8Array([0]);
  city.recorded.push(city.ledger.proof(challenge));
  return city.chance.of([
    () => city.fixture.none(past),
    () => city.fixture.offerOf(city.right, past),
  ])();
};

/** What the ledger said while another release was the newest, for a challenge of those days. */
function formerly(release: (city: GatewayCity) => GatewayCity['right']): GatewayAttack {
  return (city, challenge) => {
    const offered = release(city);
    const past = city.saying(city.naming(offered));
    const proof = city.chance.of([
      () => past.proof(city.chance.bytes(32)),
      () => city.ledger.proof(challenge),
      () => city.proofOf([minority(city)], () => past.release(challenge)),
    ])();
    return city.fixture.offerOf(offered, proof);
  };
}

export const gatewayAttacks: Readonly<Record<string, GatewayAttack>> = {
  'a forged release': (city, challenge) => {
    const { chance, fixture, ledger } = city;
    const forged = fixture.releaseBy(chance.bytes(32), chance.bytes(1 + chance.below(900)), {
      seq: 9 + chance.below(1000),
    });
    const spoiled = fixture.offerable(city.right.manifest, flipped(city, city.right.signed), null);
    return fixture.offerOf(chance.of([forged, spoiled]), ledger.proof(challenge));
  },
  'a release for another model': (city, challenge) => {
    const { chance, fixture, otherModel } = city;
    const about = city.saying(city.naming(otherModel));
    const honest = about.release(challenge);
    const statement = (honest.statement as string).replace(MODEL, 'model-2');
    const [prove, , root] = honest.args as [string, string, string];
    const answer = chance.of([
      { ...honest, statement, args: [prove, 'model-2', root] },
      { ...honest, statement },
    ]);
    return fixture.offerOf(
      otherModel,
      city.proofOf(about.peers, () => answer),
    );
  },
  'an older approved release': formerly(({ older }) => older),
  'a withdrawn release': formerly(({ unapproved }) => unapproved),
  'a hidden release': (city, challenge) => {
    const { chance, fixture, ledger } = city;
    const why = chance.below(4);
    const past = city.saying({ gen: 0, seq: 7 });
    const proof = chance.of<() => Uint8Array | null>([
      () => ledger.proof(challenge),
      () => past.proof(chance.bytes(32)),
      () => city.proofOf([minority(city)], () => past.release(challenge)),
      () => null,
    ])();
    return fixture.none(why > 1 ? ledger.proof(challenge) : proof, why % 2);
  },
  'no proof at all': (city) =>
    city.chance.of([city.fixture.none(null), city.fixture.none(null, 2)]),
  'a replayed proof': replay,
  'a proof for another challenge': lying((city, _, lie) => {
    const { chance } = city;
    const other = chance.bytes(32);
    const path: ChallengeStep[] = Array.from({ length: 1 + chance.below(8) }, () => ({
      left: chance.below(2) === 0,
      sibling: chance.bytes(32),
    }));
    const responses = lie.peers.map((peer) =>
      responseOf(peer, lie.release(other, {}, chance.below(2) === 0 ? path : [])),
    );
    const shown = chance.of([path, path.slice(1), [], [...path, ...path].slice(0, 16)]);
    return encodeProofSet({ path: shown, responses });
  }),
  'another channel': answering(({ chance }, honest) => {
    const statement = (honest.statement as string).replace('"city"', '"side"');
    return chance.of([
      { ...honest, channel: 'side' },
      { ...honest, channel: 'side', statement },
      { ...honest, statement },
      { ...honest, channel: 'city\0' },
    ]);
  }),
  'another chaincode': answering(({ chance }, honest) => ({
    ...honest,
    chaincode: chance.of(['mallory', 'lamplighter2', '', 'Lamplighter']),
  })),
  'a minority of the stake': lying((city, challenge, lie) => {
    const peer = minority(city);
    const strangers = Array.from({ length: city.chance.below(8) }, (_, at) =>
      peerOf(`Mallory${String(at)}`),
    );
    return city.proofOf([peer, ...strangers], () => lie.release(challenge));
  }),
  'an organisation counted twice': lying((city, challenge, lie) => {
    const [alpha] = lie.peers as [Peer];
    const times = Array.from({ length: 2 + city.chance.below(20) }, () =>
      city.chance.of([alpha, lie.second]),
    );
    return city.proofOf(times, () => lie.release(challenge));
  }),
  'a barred organisation': lying((city, challenge, lie) => {
    // Delta had most of the stake before; it is in no set any more.
    const delta = peerOf('Delta');
    const asOther = { ...delta, mspId: city.chance.of(['Alpha', 'Beta', 'Gamma']) };
    return city.proofOf([minority(city), delta, asOther], () => lie.release(challenge));
  }),
  'signatures with a high s': lying((city, challenge, lie) =>
    city.proofOf(
      lie.peers,
      () => lie.release(challenge),
      (response, peer) =>
        // At most one stays as it was.
        peer === lie.peers[city.chance.below(1)] && city.chance.below(2) === 0
          ? response
          : { ...response, sig: highS(response.sig) },
    ),
  ),
  'a proposal cut in another way': lying((city, challenge, lie) => {
    const { chance } = city;
    const side = lie.release(challenge, chance.below(2) === 0 ? {} : { channel: 'side' });
    const { chdr, shdr, ccpp } = proposalOf(side);
    // What another channel's proposal may carry inside: a whole header of this one.
    const inner = proposalOf(lie.release(challenge)).chdr;
    const outer = chance.of([
      new Uint8Array(),
      Uint8Array.from([0x4a, inner.length & 0x7f, ...inner]),
      inner,
    ]);
    const joined = Uint8Array.from([...outer, ...chdr, ...shdr, ...ccpp]);
    const own = outer.length + chdr.length;
    let [first, second] = [chance.below(joined.length), chance.below(joined.length)].sort(
      (a, b) => a - b,
    ) as [number, number];
    if (outer.length === 0 && first === own && second === own + shdr.length) second += 1;
    if (chance.below(3) === 0 && outer.length > 0) [first, second] = [outer.length, own];
    const cut = {
      chdr: joined.slice(0, first),
      shdr: joined.slice(first, second),
      ccpp: joined.slice(second),
    };
    const responses = lie.peers.map((peer) => {
      const payload = payloadOf(side, {
        chdr: joined,
        shdr: new Uint8Array(),
        ccpp: new Uint8Array(),
      });
      const endorser = identityOf(peer);
      return { ...cut, payload, endorser, sig: signedBy(peer, payload, endorser) };
    });
    return encodeProofSet({ path: [], responses });
  }),
  'a function that echoes': answering(({ chance }, honest) => {
    const statement = honest.statement as string;
    const [prove = '', model = '', root = ''] = honest.args;
    return {
      ...honest,
      args: chance.of([
        ['Echo', statement],
        [prove, model, root, statement],
        [statement],
        ['DeviceRegistry:ReadDevice', model, root],
        ['org.hyperledger.fabric:GetMetadata', prove, model, root],
        [`${prove} `, model, root],
        [prove, root, model],
      ]),
    };
  }),
  'a broken link': withLink((city, to) =>
    city.chance.of([
      () => flipped(city, city.ledger.link(to, [minority(city)])),
      () => city.ledger.link(to, [minority(city)]),
      () => encodeValidatorLink({ set: to.encodedSet, responses: otherTo(city, to) }),
      () => city.chance.bytes(1 + city.chance.below(500)),
    ])(),
  ),
  'a link under the wrong set': withLink((city, to) => {
    const former = new TestLedger({ Alpha: 10, Delta: 90 }, { epoch: 3 }, 5);
    return city.chance.of([
      () => to.link(to),
      () => former.link(to),
      () =>
        encodeValidatorLink({
          set: to.encodedSet,
          responses: city.ledger.peers.map((peer) => responseOf(peer, former.linkAnswer(to))),
        }),
    ])();
  }),
  'a set that is too old': withLink(
    (city, to) => city.ledger.link(to),
    ({ chance }) => 5 + 401 + chance.below(10_000),
  ),
  'roots and sets by other keys': (city, challenge) => {
    const to = falseSet(city, 6 + city.chance.below(1000));
    const stolen = city.chance.bytes(32);
    city.push(
      ...city.chance.of<[number, Uint8Array]>([
        [8, to.signedSet(stolen)],
        [8, flipped(city, city.ledger.signedSet())],
        [4, rootsBy(stolen)],
      ]),
    );
    const { said, answer } = city.lie();
    to.said = { ...to.said, ...said };
    return answer(to.proof(challenge));
  },
};

/** Honest peers' words on a step to another set than the one that is shown. */
function otherTo({ ledger, chance }: GatewayCity, to: TestLedger): ReturnType<typeof responseOf>[] {
  const honest = new TestLedger(
    { Alpha: 50, Beta: 50 },
    { epoch: to.set.epoch },
    1 + chance.below(3),
  );
  return ledger.peers.map((peer) => responseOf(peer, ledger.linkAnswer(honest)));
}

/** Roots of the next generation, signed by their own key only. */
function rootsBy(secret: Uint8Array): Uint8Array {
  const keys = [{ alg: 1 as const, key: ed25519PublicKey(secret) }];
  return signedRoots(encodeRoots({ gen: 1, k: 1, keys }), secret);
}
