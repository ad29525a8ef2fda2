/** §9 items 4 to 6: handshakes with every value between, records, resync and notice. */
import {
  chainContext,
  chainValue,
  generationAt,
  generationIndex,
  handshakeKeys,
  handshakeSecret,
  resumedSecret,
  resumptionSecret,
  sessionSecret,
  trafficKeys,
  trafficSecret,
  transcriptNext,
  transcriptOfHello,
  x25519SharedSecret,
  x25519PublicKey,
} from '@lamplighter/sdk/crypto';
import {
  acceptSession,
  checkHello,
  finishSession,
  noticeFrames,
  prepareAnswer,
  startHello,
  stepCounter,
} from '@lamplighter/sdk/protocol';
import { decodeFrame, encodeFrame } from '@lamplighter/sdk/wire';
import { enrolled, inputs } from './enrolment.mjs';
import { flip, fixed, hex, plain } from './fixed.mjs';

export const state = {
  seq: 7,
  sha256: fixed('image in use'),
  ivn: 1,
  opensIn: 1800,
  flags: 1,
  pending: 0,
  stats: { early: 0, late: 1, badauth: 0, badsig: 0, dup: 0, resync: 0, skipped: 0 },
};

/** Both ends of an assignment just before counter `ctr`, the chain at `k`, R at `highestSent`. */
function ends({ suite, chainLength }, assignment, { ctr, k = 0, highestSent = k }) {
  const { payload, en, kHello, generations } = enrolled(suite, assignment);
  const index = generationIndex(ctr - 1);
  const generation = generationAt(suite, { index: 0, key: generations[0] }, index);
  const shared = { assignment, payload, en, kHello, generation };
  if (assignment.mauth !== 2) {
    return {
      device: { ...shared, ctr: ctr - 1, chain: null },
      managed: { ...shared, completedCtr: ctr - 1, answeredCtr: ctr - 1, chain: null },
    };
  }
  const context = chainContext(assignment.idM, assignment.idD, assignment.epoch);
  const seed = inputs.chainSeed;
  const value = chainValue(suite, context, { seed, length: chainLength }, k);
  return {
    device: { ...shared, ctr: ctr - 1, chain: { index: k, value } },
    managed: {
      ...shared,
      completedCtr: ctr - 1,
      answeredCtr: ctr - 1,
      chain: { seed, highestSent },
    },
  };
}

const FMAX = { 0: 66560, 1: 4608 };

function run(context, assignment, at) {
  const { device, managed } = ends(context, assignment, at);
  const stepped = stepCounter(device);
  const { rid, rs } = at;
  const hello = startHello(stepped, {
    nd: inputs.nd,
    ephemeralSecret: inputs.deviceEphemeral.slice(),
    fmax: FMAX[assignment.class],
    ...(rid === undefined ? {} : { ticket: { rid, rs: rs.slice() } }),
  });
  const checked = checkHello(hello.frame, () =>
    rid === undefined ? managed : { resumes: managed, rs: rs.slice() },
  );
  const prepared = prepareAnswer(checked, {
    nm: inputs.nm,
    ephemeralSecret: inputs.managerEphemeral.slice(),
    signatureKey: inputs.managerSecret,
  });
  const { toSign } = prepared;
  const answered = prepared.seal(toSign === null ? undefined : context.tree.sign(at.leaf, toSign));
  const accepted = acceptSession(hello.pending, answered.frame, state, inputs.deviceSecret);
  const finished = finishSession(answered.pending, accepted.frame, prepared.epoch);
  return { stepped, checked, hello, answered, accepted, finished };
}

/** S of §3.2, or of §3.5 where a session is resumed. */
function secretOf({ suite }, assignment, { stepped }, { rs }) {
  if (rs !== undefined) return { z: new Uint8Array(0), s: resumedSecret(suite, rs, stepped.en) };
  const z =
    assignment.class === 0
      ? x25519SharedSecret(inputs.deviceEphemeral, x25519PublicKey(inputs.managerEphemeral))
      : new Uint8Array(0);
  return { z, s: handshakeSecret(suite, stepped.generation.key, z) };
}

/** The values between the frames, by §3.2 from the injected secrets. */
function between(context, assignment, done, at) {
  const { suite } = context;
  const { stepped, hello, answered, accepted } = done;
  const accept = decodeFrame(answered.frame);
  const finish = decodeFrame(accepted.frame);
  const { z, s } = secretOf(context, assignment, done, at);
  const h1 = transcriptOfHello(suite, stepped.en, hello.frame);
  const h2 = transcriptNext(suite, h1, accept.core);
  const h3 = transcriptNext(suite, h2, accept.sealed);
  const h4 = transcriptNext(suite, h3, finish.sealed);
  const a = handshakeKeys(suite, s, 'accept', h2);
  const f = handshakeKeys(suite, s, 'finish', h3);
  const ms = sessionSecret(suite, s, h4);
  return {
    helloCore: decodeFrame(hello.frame).core,
    acceptCore: accept.core,
    acceptBody: suite.open(a.key, a.iv, h2, accept.sealed),
    finishBody: suite.open(f.key, f.iv, h3, finish.sealed),
    ...{ z, s, h1, h2, h3, h4, ka: a.key, na: a.iv, kf: f.key, nf: f.iv, ms },
    ...traffic(suite, 'm2d', ms, h4),
    ...traffic(suite, 'd2m', ms, h4),
  };
}

function traffic(suite, direction, ms, h4) {
  const secret = trafficSecret(suite, ms, direction, h4);
  const { key, iv } = trafficKeys(suite, secret, 0);
  return { [`${direction}T0`]: secret, [`${direction}Key0`]: key, [`${direction}Iv0`]: iv };
}

const cases = ({ chainLength }) => [
  ['end node, first session', 'end', { ctr: 1 }],
  ['end node with a device key, generation 1', 'endWithKey', { ctr: 16 }],
  ['chain, j = 1', 'lightweight', { ctr: 1 }],
  ['chain, a skip of 5', 'lightweight', { ctr: 7, k: 1, highestSent: 6 }],
  ['chain, the last', 'lightweight', { ctr: chainLength + 904, k: chainLength - 1 }],
  ['tree, first session', 'lightweightTree', { ctr: 1, leaf: 0 }],
  ['tree, generation 1', 'lightweightTree', { ctr: 16, leaf: 1 }],
];

/** Item 4. */
export function handshakeSection(context) {
  const { assignments } = context;
  return [
    ...cases(context).filter(([, device]) => device in assignments),
    ...resumptions(context),
  ].map(([name, device, at]) => {
    const done = run(context, assignments[device], at);
    const { stepped, hello, answered, accepted, checked } = done;
    return {
      name,
      device,
      ctr: at.ctr,
      chainIndexBefore: at.k ?? 0,
      chainHighestSent: at.highestSent ?? at.k ?? 0,
      chainIndexShown: checked.chainIndex,
      ...(at.leaf === undefined ? {} : { leaf: at.leaf }),
      ...(at.rid === undefined ? {} : plain({ rid: at.rid, rs: at.rs })),
      kg: hex(stepped.generation.key),
      hello: hex(hello.frame),
      accept: hex(answered.frame),
      finish: hex(accepted.frame),
      ...plain(between(context, assignments[device], done, at)),
    };
  });
}

/** §3.5: the session after the first of an end node, and the one after that, each by the ticket of the one before. */
function resumptions(context) {
  const { suite, assignments } = context;
  if (assignments.end === undefined) return [];
  const resumed = [];
  let at = { ctr: 1 };
  for (const ctr of [2, 3]) {
    const { ms, h4 } = between(context, assignments.end, run(context, assignments.end, at), at);
    at = { ctr, rid: fixed(`rid ${ctr}`, 16), rs: resumptionSecret(suite, ms, h4) };
    resumed.push([`end node, resumed${ctr === 3 ? ' again' : ''}`, 'end', at]);
  }
  return resumed;
}

function recordFrame(bytes, name, sealed, closeCode) {
  return { name, hex: hex(encodeFrame({ ...bytes, sealed })), closeCode };
}

/** Item 5: records of the first end node's session, and record 1 of M with one bit wrong in each part. */
export function recordSection(context) {
  const { first, assignments } = context;
  const { session } = run(context, first, { ctr: 1 }).finished;
  const device = run(context, first, { ctr: 1 }).accepted.session;
  const messages = [
    { type: 'ready', flags: 0 },
    { type: 'mon-set', ivn: 2, fti: 3600, rti: 600, uti: 86400 },
  ];
  const manager = messages.flatMap((message) => session.seal(message));
  for (const frame of manager) device.open(frame);
  const rekey = session.rekey();
  const after = session.seal({ type: 'suspend', seconds: 60 });
  const fromDevice = [
    ...device.seal({ type: 'mon-ack', ivn: 2 }),
    ...device.seal({ type: 'result', attempt: 1, seq: 8, sha256: fixed('image'), code: 0 }),
  ];
  const record = decodeFrame(manager[1]);
  return {
    handshake: cases(context).find(([, name]) => assignments[name] === first)[0],
    manager: [...manager, rekey, ...after].map(hex),
    managerMessages: plain([
      ...messages,
      { type: 'rekey', gen: 1 },
      { type: 'suspend', seconds: 60 },
    ]),
    device: fromDevice.map(hex),
    wrongInPlaceOfManagerRecord1: [
      recordFrame(record, 'first bit of the ciphertext', flip(record.sealed, 0), 4402),
      recordFrame(
        record,
        'last bit of the tag',
        flip(record.sealed, record.sealed.length - 1),
        4402,
      ),
      recordFrame(record, 'cut by a byte', record.sealed.slice(0, -1), 4402),
      recordFrame(
        record,
        'shorter than a tag',
        record.sealed.slice(0, context.suite.tagBytes - 1),
        4402,
      ),
      { name: 'frame type record becomes content', hex: hex(flip(manager[1], 1)), closeCode: 4400 },
      { name: 'array of 3', hex: hex(flip(manager[1], 0)), closeCode: 4400 },
      { name: 'record 0 again', hex: hex(manager[0]), closeCode: 4402 },
      { name: 'record 2 too early', hex: hex(rekey), closeCode: 4402 },
      { name: "the device's record 0, reflected", hex: hex(fromDevice[0]), closeCode: 4402 },
    ],
  };
}

/** Item 6: a Hello that M has answered before, and the notice of a kid that was replaced. */
export function refusalSection(context) {
  const { suite, first } = context;
  const { device, managed } = ends(context, first, { ctr: 3 });
  const { frame } = startHello(stepCounter(device), {
    nd: inputs.nd,
    ephemeralSecret: inputs.deviceEphemeral.slice(),
    fmax: FMAX[first.class],
  });
  const resync = checkHello(frame, () => ({ ...managed, answeredCtr: 40 }));
  const next = { ...first, serial: 1, epoch: 2, prevKid: first.kid };
  const { envelope } = enrolled(suite, { ...next, kid: fixed('second kid', 16) });
  const long = new Uint8Array(2500).map((_, at) => at % 251);
  return {
    resync: { hello: hex(frame), answeredCtr: 40, frame: hex(resync.frame) },
    notices: [envelope, long].map((bytes) => ({
      envelope: hex(bytes),
      frames: noticeFrames(bytes).map(hex),
    })),
  };
}
