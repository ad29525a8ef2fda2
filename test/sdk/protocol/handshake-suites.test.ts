/** Enrolment, handshake and resumption under every suite and proof of docs/protocol.md §3.3, §3.5 and §4. */
import {
  ed25519Sign,
  handshakeKeys,
  LMS_ID_BYTES,
  lmsSet,
  pskOf,
  resumedSecret,
  suiteIds,
  suiteOf,
  transcriptNext,
  transcriptOfHello,
  TREE_OTS_TYPE,
} from '@lamplighter/sdk/crypto';
import {
  acceptResync,
  acceptSession,
  checkHello,
  enrolUnder,
  finishSession,
  manageEpoch,
  prepareAnswer,
  startHello,
  stepCounter,
  type AcceptedSession,
  type DeviceEpoch,
  type FinishedSession,
  type ManagedEpoch,
  type SealedAccept,
  type Ticket,
} from '@lamplighter/sdk/protocol';
import {
  acceptBodyCodec,
  be32,
  concatBytes,
  decodeFrame,
  encodeAssignment,
  encodeFrame,
  type AcceptFrame,
  type Assignment,
} from '@lamplighter/sdk/wire';
import { LmsTree } from '../../../network/src/management/lms-tree.ts';
import { refusalOf } from '../refusal.ts';
import {
  assignmentOf,
  CHAIN_SEED,
  filled,
  KV0,
  lightweight,
  MANAGER_SECRET,
  STATE,
} from './session-fixture.ts';

interface Pair {
  readonly device: DeviceEpoch;
  readonly managed: ManagedEpoch;
}

const EMPTY = new Uint8Array(0);

function enrolDevice(assignment: Assignment, legacy: boolean): DeviceEpoch {
  const open = (payload: Uint8Array): Uint8Array => payload;
  const trust = { open, isUsableKey: () => true, legacy };
  return enrolUnder({ kv: KV0, kvN: 0 }, encodeAssignment(assignment), trust, assignment.idD).epoch;
}

function enrolManager(assignment: Assignment, legacy: boolean): ManagedEpoch {
  const payload = encodeAssignment(assignment);
  return manageEpoch(payload, pskOf(KV0, payload), CHAIN_SEED, legacy);
}

function pairOf(assignment: Assignment): Pair {
  const { legacy } = suiteOf(assignment.suite);
  return { device: enrolDevice(assignment, legacy), managed: enrolManager(assignment, legacy) };
}

/** An assignment of a suite to an end node (0), or to a lightweight one under the shortest chain (1). */
function assigned(
  suite: number,
  deviceClass: 0 | 1,
  changes: Partial<Assignment> = {},
): Assignment {
  return deviceClass === 0
    ? assignmentOf({ suite, ...changes })
    : lightweight(64, { suite, ...changes });
}

function helloOf(device: DeviceEpoch, ticket?: Ticket) {
  const parameters = {
    nd: filled(device.ctr + 1, 16),
    ephemeralSecret: filled(0x12),
    fmax: 4608,
    ...(ticket === undefined ? {} : { ticket }),
  };
  return startHello(device, parameters);
}

interface Options {
  readonly ticket?: { readonly rid: Uint8Array; readonly rs: Uint8Array };
  /** What stands in Accept in place of the tree's signature over what was asked for. */
  readonly sign?: (message: Uint8Array) => Uint8Array;
}

interface Begun extends SealedAccept {
  readonly epoch: ManagedEpoch;
  readonly hello: ReturnType<typeof helloOf>;
  readonly device: DeviceEpoch;
}

/** Hello and Accept. */
function begin(pair: Pair, { ticket, sign }: Options = {}): Begun {
  const device = stepCounter(pair.device);
  const hello = helloOf(device, ticket && { rid: ticket.rid, rs: ticket.rs.slice() });
  const found = ticket ? { resumes: pair.managed, rs: ticket.rs.slice() } : pair.managed;
  const verdict = checkHello(hello.frame, () => found);
  if (verdict.kind !== 'accept') throw new Error(`expected accept, got ${verdict.kind}`);
  const parameters = {
    nm: filled(0x21, 16),
    ephemeralSecret: filled(0x22),
    signatureKey: MANAGER_SECRET,
  };
  const { toSign, seal, epoch } = prepareAnswer(verdict, parameters);
  const answered = toSign !== null && sign !== undefined ? seal(sign(toSign)) : seal();
  return { ...answered, epoch, hello, device };
}

function establish(
  pair: Pair,
  options: Options = {},
): { readonly device: AcceptedSession; readonly manager: FinishedSession } {
  const { frame, pending, epoch, hello } = begin(pair, options);
  const device = acceptSession(hello.pending, frame, STATE);
  return { device, manager: finishSession(pending, device.frame, epoch) };
}

const places = suiteIds.flatMap((id) =>
  suiteOf(id).classes.map((deviceClass) => [id, deviceClass] as const),
);

describe.each(places)('suite %i in class %i', (id, deviceClass) => {
  const pair = pairOf(assigned(id, deviceClass));

  it('gives both ends one session, and every session another', () => {
    const first = establish(pair);
    const second = establish({ device: first.device.epoch, managed: first.manager.epoch });
    for (const { device, manager } of [first, second]) {
      expect(device.session.h4).toEqual(manager.session.h4);
      for (const frame of manager.session.seal({ type: 'ready', flags: 0 })) {
        expect(device.session.open(frame).type).toBe('ready');
      }
    }
    expect(first.device.session.h4).not.toEqual(second.device.session.h4);
    const [record] = first.device.session.seal({ type: 'mon-ack', ivn: 1 });
    expect(refusalOf(() => second.manager.session.open(record!)).code).toBe('RECORD_NOT_AUTHENTIC');
  });

  it('refuses what was recorded for another device or in another epoch', () => {
    const { frame } = helloOf(stepCounter(pair.device));
    const others = [{ idD: 'other-1' }, { epoch: 2 }].map((changes) =>
      enrolManager(assigned(id, deviceClass, changes), true),
    );
    for (const other of others) expect(checkHello(frame, () => other).kind).toBe('refuse');
    const { frame: accept } = begin(pairOf(assigned(id, deviceClass, { epoch: 2 })));
    const { pending } = helloOf(stepCounter(pair.device));
    expect(refusalOf(() => acceptSession(pending, accept, STATE))).toEqual({
      code: 'HANDSHAKE_NOT_AUTHENTIC',
      closeCode: 4401,
    });
  });
});

const notSupported = { code: 'ENROLMENT_NOT_SUPPORTED', closeCode: 4402 };

describe('suites that an assignment may not name', () => {
  const misplaced = suiteIds.flatMap((id) =>
    ([0, 1] as const)
      .filter((deviceClass) => !suiteOf(id).classes.includes(deviceClass))
      .map((deviceClass) => [id, deviceClass] as const),
  );
  it.each(misplaced)('%i is not for class %i, at either end', (id, deviceClass) => {
    const assignment = assigned(id, deviceClass);
    expect(refusalOf(() => enrolDevice(assignment, true))).toEqual(notSupported);
    expect(refusalOf(() => enrolManager(assignment, true))).toEqual(notSupported);
  });

  it.each([0x8001, 0x8002, 0x8003])('%i is for legacy devices only, at either end', (id) => {
    const assignment = assigned(id, 1);
    expect(refusalOf(() => enrolDevice(assignment, false))).toEqual(notSupported);
    expect(refusalOf(() => enrolManager(assignment, false))).toEqual(notSupported);
    expect(enrolDevice(assignment, true).assignment.suite).toBe(id);
  });
});

describe('a tree', () => {
  const set = lmsSet(0x0a, TREE_OTS_TYPE)!;
  const grow = (byte: number): Promise<LmsTree> =>
    LmsTree.grow(set, { id: filled(byte, LMS_ID_BYTES), seed: filled(byte, set.hashBytes) });
  const signerOf =
    (tree: LmsTree, leaf = 0) =>
    (message: Uint8Array): Uint8Array =>
      concatBytes(be32(0), tree.sign(leaf, message));
  const underTree = (mkey: Uint8Array, suite = 0x0201): Assignment => ({
    ...assigned(suite, 1),
    mauth: 3,
    mkey,
  });
  let [tree, other]: [LmsTree?, LmsTree?] = [];
  let pair: Pair;
  beforeAll(async () => {
    [tree, other] = [await grow(1), await grow(2)];
    pair = pairOf(underTree(concatBytes(be32(1), tree.publicKey)));
  });

  it.each([0x0201, 0x0301, 0x0304])('proves the manager under suite %i', (suite) => {
    const own = pairOf(underTree(concatBytes(be32(1), tree!.publicKey), suite));
    const { device, manager } = establish(own, { sign: signerOf(tree!) });
    expect(device.session.h4).toEqual(manager.session.h4);
    expect([device.skipped, device.epoch.chain, device.rs]).toEqual([0, null, null]);
  });

  const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
    bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
  it.each([
    ['another tree', () => signerOf(other!)],
    ['a signature of something else', () => () => signerOf(tree!)(filled(1))],
    [
      'a wrong bit in the leaf signature',
      () => (text: Uint8Array) => flipped(signerOf(tree!)(text), 100),
    ],
    ['another leaf number', () => (text: Uint8Array) => flipped(signerOf(tree!)(text), 7)],
    ['another one-time code', () => (text: Uint8Array) => flipped(signerOf(tree!)(text), 11)],
    ['another number of levels', () => (text: Uint8Array) => flipped(signerOf(tree!)(text), 3)],
    ['a signature cut short', () => (text: Uint8Array) => signerOf(tree!)(text).slice(0, -1)],
    ['nothing', () => () => EMPTY],
    ['a signature by Ed25519', () => (text: Uint8Array) => ed25519Sign(MANAGER_SECRET, text)],
  ])('refuses %s', (_, signer) => {
    const { hello, frame } = begin(pair, { sign: signer() });
    expect(refusalOf(() => acceptSession(hello.pending, frame, STATE))).toEqual({
      code: 'HANDSHAKE_PROOF_WRONG',
      closeCode: 4401,
    });
  });

  it('has to sign: without it nothing is sealed', () => {
    expect(() => begin(pair)).toThrow(RangeError);
  });

  it.each([
    ['three levels', 0, 3],
    ['no level', 0, 0],
    ['SHA-256 with 32 bytes', 4, 0x06],
    ['a height beyond 20', 4, 0x0e],
    ['a one-time code of another width', 8, 0x06],
  ])('is not enrolled with %s, at either end', (_, at, code) => {
    const mkey = concatBytes(be32(1), tree!.publicKey);
    mkey.set(be32(code), at);
    const assignment = underTree(mkey);
    expect(refusalOf(() => enrolDevice(assignment, false))).toEqual(notSupported);
    expect(refusalOf(() => enrolManager(assignment, false))).toEqual(notSupported);
  });
});

describe.each([0x0103, 0x0201])('resumption under suite %i', (id) => {
  const pair = pairOf(assigned(id, 0));
  const first = establish(pair);
  const next: Pair = { device: first.device.epoch, managed: first.manager.epoch };
  const ticket = { rid: filled(0x77, 16), rs: first.manager.rs! };
  const notAsEnrolled = { kind: 'refuse', reason: 'HELLO_NOT_AS_ENROLLED', closeCode: 4401 };

  it('has one secret at both ends, another one in each session', () => {
    expect(first.device.rs).toEqual(first.manager.rs);
    const { device, manager } = establish(next, { ticket });
    expect(device.session.h4).toEqual(manager.session.h4);
    expect(device.rs).toEqual(manager.rs);
    expect(device.rs).not.toEqual(first.device.rs);
    const again = { device: device.epoch, managed: manager.epoch };
    const later = { rid: filled(0x78, 16), rs: manager.rs! };
    expect(establish(again, { ticket: later }).manager.epoch.completedCtr).toBe(3);
  });

  it("erases the device's secret with the Hello", () => {
    const rs = ticket.rs.slice();
    helloOf(stepCounter(next.device), { rid: ticket.rid, rs });
    expect(rs).toEqual(new Uint8Array(32));
  });

  it('needs the right secret and the same epoch', () => {
    const { frame } = helloOf(stepCounter(next.device), { rid: ticket.rid, rs: filled(0x55) });
    const verdict = checkHello(frame, () => ({ resumes: next.managed, rs: ticket.rs.slice() }));
    expect(verdict).toMatchObject({ kind: 'refuse', reason: 'HELLO_MAC_WRONG', closeCode: 4401 });
    const right = helloOf(stepCounter(next.device), { ...ticket, rs: ticket.rs.slice() });
    const resumes = enrolManager(assigned(id, 0, { epoch: 2 }), false);
    expect(checkHello(right.frame, () => ({ resumes, rs: ticket.rs.slice() }))).toMatchObject(
      notAsEnrolled,
    );
  });

  it('is not for the kid of the epoch, nor is a full handshake for the kid of a ticket', () => {
    const stepped = stepCounter(next.device);
    const resuming = helloOf(stepped, { rid: ticket.rid, rs: ticket.rs.slice() });
    expect(checkHello(resuming.frame, () => next.managed)).toMatchObject(notAsEnrolled);
    const full = helloOf(stepped);
    const found = { resumes: next.managed, rs: ticket.rs.slice() };
    expect(checkHello(full.frame, () => found)).toMatchObject(notAsEnrolled);
  });

  it('is unknown once the ticket is gone', () => {
    const { frame } = helloOf(stepCounter(next.device), { ...ticket, rs: ticket.rs.slice() });
    const verdict = checkHello(frame, () => undefined);
    expect(verdict).toMatchObject({ kind: 'refuse', reason: 'HELLO_UNKNOWN_KID', closeCode: 4401 });
  });

  it('resyncs under the key of the epoch', () => {
    const { frame, pending } = helloOf(stepCounter(next.device), {
      ...ticket,
      rs: ticket.rs.slice(),
    });
    const resumes = { ...next.managed, answeredCtr: 40 };
    const verdict = checkHello(frame, () => ({ resumes, rs: ticket.rs.slice() }));
    if (verdict.kind !== 'resync') throw new Error(`expected resync, got ${verdict.kind}`);
    const device = acceptResync(pending, verdict.frame);
    expect(device.ctr).toBe(40);
    // A full handshake goes on from there.
    expect(establish({ device, managed: resumes }).manager.epoch.completedCtr).toBe(41);
  });

  it('takes no proof, were it sealed ever so rightly', () => {
    const suite = suiteOf(id);
    const { hello, frame } = begin(next, { ticket });
    const { core } = decodeFrame(frame) as AcceptFrame;
    const { en } = next.device;
    const h2 = transcriptNext(suite, transcriptOfHello(suite, en, hello.frame), core);
    const s = resumedSecret(suite, ticket.rs, en);
    const { key, iv } = handshakeKeys(suite, s, 'accept', h2);
    const body = acceptBodyCodec.encode({ idM: 'manager-1', proof: filled(1, 64) });
    const proving = encodeFrame({ type: 'accept', core, sealed: suite.seal(key, iv, h2, body) });
    expect(refusalOf(() => acceptSession(hello.pending, proving, STATE))).toEqual({
      code: 'HANDSHAKE_PROOF_WRONG',
      closeCode: 4401,
    });
  });

  it('takes no key of M, and the Accept of a full handshake neither', () => {
    const full = begin(next);
    const { pending } = helloOf(stepCounter(next.device), { ...ticket, rs: ticket.rs.slice() });
    expect(refusalOf(() => acceptSession(pending, full.frame, STATE))).toEqual({
      code: 'HANDSHAKE_KEY_REFUSED',
      closeCode: 4401,
    });
    const resumed = begin(next, { ticket });
    const other = helloOf(stepCounter(next.device));
    expect(refusalOf(() => acceptSession(other.pending, resumed.frame, STATE)).code).toBe(
      'HANDSHAKE_KEY_REFUSED',
    );
  });
});

it('resumption is not for lightweight nodes', () => {
  const { device } = pairOf(assigned(0x0201, 1));
  const ticket = { rid: filled(1, 16), rs: filled(2) };
  expect(() => helloOf(stepCounter(device), ticket)).toThrow(RangeError);
  expect(ticket.rs).toEqual(filled(2));
  expect(establish(pairOf(assigned(0x0201, 1))).manager.rs).toBeNull();
});
