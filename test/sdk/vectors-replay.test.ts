/** The vectors against the implementation, both ends (docs/protocol.md §9). */
import {
  chainContext,
  chainValue,
  chunkTree,
  ContentCipher,
  leafHash,
  openEnvelope,
  segmentKeys,
  suiteOf,
  verifyPath,
  type EnvelopeDomain,
  type VendorTrust,
} from '@lamplighter/sdk/crypto';
import {
  acceptResync,
  acceptSession,
  answerHello,
  beginSession,
  checkHello,
  enrol,
  finishSession,
  intervalsAnswer,
  intervalsHash,
  manageEpoch,
  measureImage,
  monitorSigned,
  newWindow,
  NoticeAssembly,
  noticeFrames,
  opensIn,
  passTime,
  receiveIntervals,
  receiveRequest,
  startHello,
  startWindow,
  stepCounter,
  type DeviceEpoch,
  type DeviceWindow,
  type ManagedEpoch,
} from '@lamplighter/sdk/protocol';
import {
  decodeAssignment,
  decodeFrame,
  decodeManifest,
  decodeMessage,
  encodeAssignment,
  encodeManifest,
  encodeMessage,
  finishBodyCodec,
  type Message,
  type NoticeFrame,
} from '@lamplighter/sdk/wire';
import { generationAt, generationIndex } from '@lamplighter/sdk/crypto';
import { outcomeOf, refusalOf } from './refusal.ts';
import {
  bytes,
  image,
  plain,
  vectors,
  type EnrolmentVector,
  type HandshakeVector,
  type WindowStep,
} from './vectors-file.ts';

const suite = suiteOf(0x0103);
const { inputs } = vectors;
const seed = bytes(inputs.chainSeed);
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

function enrolled(vector: EnrolmentVector): { device: DeviceEpoch; managed: ManagedEpoch } {
  const payload = bytes(vector.payload);
  const assignment = decodeAssignment(payload);
  const vendorKey = vectors.releases.envelopes[0]!.trust.keys as readonly string[];
  const trust: VendorTrust =
    vector.kvm === undefined
      ? { kind: 'signature', threshold: 1, keys: vendorKey.map(bytes) }
      : { kind: 'mac', kvm: bytes(vector.kvm) };
  const held = { kv: bytes(inputs.kv0), kvN: 0 };
  const { epoch, kv, kvN } = enrol(held, bytes(vector.envelope), trust, assignment.idD);
  expect([hex(kv), kvN]).toEqual([vector.kv1, 1]);
  const chainSeed = assignment.mauth === 2 ? seed : undefined;
  return { device: epoch, managed: manageEpoch(payload, bytes(vector.psk), chainSeed) };
}

describe.each(vectors.enrolment)('enrolment of $name', (vector) => {
  it('is what both ends derive', () => {
    const { device, managed } = enrolled(vector);
    expect(hex(encodeAssignment(device.assignment))).toBe(vector.payload);
    expect(plain(device.assignment)).toEqual(vector.assignment);
    for (const end of [device, managed]) {
      expect([hex(end.en), hex(end.kHello)]).toEqual([vector.en, vector.kHello]);
      expect(hex(end.generation.key)).toBe(vector.generations[0]);
    }
  });
});

/** Both ends just before the vector's counter, the chain where the vector says. */
function ends(vector: HandshakeVector): { device: DeviceEpoch; managed: ManagedEpoch } {
  const { device, managed } = enrolled(
    vectors.enrolment.find(({ name }) => name === vector.device)!,
  );
  const { idM, idD, epoch } = device.assignment;
  const ctr = vector.ctr - 1;
  const generation = generationAt(suite, device.generation, generationIndex(ctr));
  const index = vector.chainIndexBefore;
  const value = chainValue(suite, chainContext(idM, idD, epoch), { seed, length: 4096 }, index);
  const highestSent = vector.chainHighestSent;
  return {
    device: { ...device, ctr, generation, chain: device.chain && { index, value } },
    managed: {
      ...managed,
      generation,
      completedCtr: ctr,
      answeredCtr: ctr,
      chain: managed.chain && { seed, highestSent },
    },
  };
}

function run(vector: HandshakeVector) {
  const { device, managed } = ends(vector);
  const hello = startHello(stepCounter(device), {
    nd: bytes(inputs.nd),
    ephemeralSecret: bytes(inputs.deviceEphemeral),
    fmax: device.assignment.class === 0 ? 66_560 : 4608,
  });
  const verdict = checkHello(hello.frame, () => managed);
  if (verdict.kind !== 'accept') throw new Error(`expected accept, got ${verdict.kind}`);
  const answered = answerHello(verdict, {
    nm: bytes(inputs.nm),
    ephemeralSecret: bytes(inputs.managerEphemeral),
    signatureKey: bytes(inputs.managerSecret),
  });
  const { state } = finishBodyCodec.decode(bytes(vector.finishBody));
  const accepted = acceptSession(hello.pending, answered.frame, state, bytes(inputs.deviceSecret));
  const finished = finishSession(answered.pending, accepted.frame, answered.epoch);
  return { hello, verdict, answered, accepted, finished, state };
}

describe.each(vectors.handshakes)('handshake: $name', (vector) => {
  it('gives the same frames at both ends', () => {
    const { hello, verdict, answered, accepted, finished, state } = run(vector);
    expect(hex(hello.frame)).toBe(vector.hello);
    expect(hex(answered.frame)).toBe(vector.accept);
    expect(hex(accepted.frame)).toBe(vector.finish);
    expect(verdict.chainIndex).toBe(vector.chainIndexShown);
    expect(hex(accepted.session.h4)).toBe(vector.h4);
    expect(hex(finished.session.h4)).toBe(vector.h4);
    expect(finished.state).toEqual(state);
    expect(accepted.skipped).toBe(
      Math.max(0, vector.chainIndexShown - vector.chainIndexBefore - 1),
    );
  });
});

describe('records', () => {
  const { records } = vectors;
  const session = () => {
    const { accepted, finished } = run(vectors.handshakes[0]!);
    return { device: accepted.session, manager: finished.session };
  };

  it('open at D in order, rekey included', () => {
    const { device } = session();
    const opened = records.manager.map((frame) => plain(device.open(bytes(frame))));
    expect(opened).toEqual(records.managerMessages);
  });

  it('are what M seals, and M opens those of D', () => {
    const { manager } = session();
    const [ready, set, , suspend] = records.managerMessages as unknown as Message[];
    const sealed = [
      ...manager.seal(ready!),
      ...manager.seal(set!),
      manager.rekey(),
      ...manager.seal(suspend!),
    ];
    expect(sealed.map(hex)).toEqual(records.manager);
    const types = records.device.map((frame) => manager.open(bytes(frame)).type);
    expect(types).toEqual(['mon-ack', 'result']);
  });

  it.each(records.wrongInPlaceOfManagerRecord1)('close $closeCode: $name', (wrong) => {
    const { device } = session();
    device.open(bytes(records.manager[0]!));
    expect(refusalOf(() => device.open(bytes(wrong.hex))).closeCode).toBe(wrong.closeCode);
  });
});

describe('refusals', () => {
  it('resync brings D to the answered counter', () => {
    const { resync } = vectors.refusals;
    const { device, managed } = ends({ ...vectors.handshakes[0]!, ctr: 3 });
    const { frame, pending } = startHello(stepCounter(device), {
      nd: bytes(inputs.nd),
      ephemeralSecret: bytes(inputs.deviceEphemeral),
      fmax: 66_560,
    });
    expect(hex(frame)).toBe(resync.hello);
    const verdict = checkHello(frame, () => ({ ...managed, answeredCtr: resync.answeredCtr }));
    expect(plain(verdict)).toEqual({ kind: 'resync', frame: resync.frame, closeCode: 4409 });
    expect(acceptResync(pending, bytes(resync.frame)).ctr).toBe(resync.answeredCtr);
  });

  it.each(vectors.refusals.notices)('notice comes apart and together', ({ envelope, frames }) => {
    expect(noticeFrames(bytes(envelope)).map(hex)).toEqual(frames);
    const assembly = new NoticeAssembly();
    const pieces = frames.map((frame) => assembly.add(decodeFrame(bytes(frame)) as NoticeFrame));
    expect(plain(pieces.at(-1))).toBe(envelope);
  });
});

describe('messages', () => {
  it.each(vectors.messages)('$value.type', ({ value, hex: encoded }) => {
    const message = decodeMessage(bytes(encoded)) as Message;
    expect(plain(message)).toEqual(value);
    expect(hex(encodeMessage(message))).toBe(encoded);
  });

  it('mon-ans holds the measure of its image', () => {
    const answers = vectors.messages.filter(({ value }) => value.type === 'mon-ans').slice(0, 3);
    expect(answers.map(({ value }) => value.size)).toEqual([0, 1, 65_537]);
    for (const { value } of answers) {
      const measured = plain(measureImage(suite, bytes(inputs.r), image(value.size as number)));
      expect(value).toMatchObject(measured as object);
    }
  });

  it('hashes and signed bytes of §6.2 and §6.4', () => {
    const { monitorSigned: signed, intervals } = vectors;
    const request = { n: signed.n, r: bytes(signed.r), mode: signed.mode };
    expect(hex(monitorSigned(bytes(signed.h4), request, signed.idD))).toBe(signed.bytes);
    expect(hex(intervalsHash(suite, bytes(intervals.r), intervals))).toBe(intervals.hfti);
    expect(hex(intervalsAnswer(suite, bytes(intervals.r), intervals))).toBe(intervals.hack);
  });
});

describe('releases', () => {
  it.each(vectors.releases.manifests)('manifest of format $value.format', ({ value, payload }) => {
    const manifest = decodeManifest(bytes(payload));
    expect(plain(manifest)).toEqual(value);
    expect(hex(encodeManifest(manifest))).toBe(payload);
  });

  it.each(vectors.releases.envelopes)('$name', ({ hex: envelope, trust, refusedWith }) => {
    const keys = ((trust.keys ?? []) as readonly string[]).map(bytes);
    const whom =
      trust.kind === 'mac'
        ? { kind: 'mac', kvm: bytes(trust.kvm as string) }
        : { kind: 'signature', threshold: trust.threshold, keys };
    const domain: EnvelopeDomain = 'release';
    const outcome = outcomeOf(() =>
      hex(openEnvelope(domain, bytes(envelope), whom as VendorTrust)),
    );
    const expected =
      refusedWith === null
        ? { value: vectors.releases.manifests[0]!.payload }
        : { refusal: { code: refusedWith } };
    expect(outcome).toEqual(expected);
  });
});

describe('trees and content', () => {
  const chunkBytes = 2 ** vectors.chunkLog2;

  it.each(vectors.trees)('tree of $chunks chunks', ({ size, chunks, leaves, root, paths }) => {
    const whole = image(size);
    const tree = chunkTree(whole, vectors.chunkLog2);
    expect([tree.leaves.length, hex(tree.root)]).toEqual([chunks, root]);
    expect(plain(tree.leaves)).toEqual(leaves);
    paths.forEach((path, index) => {
      const chunk = whole.subarray(index * chunkBytes, (index + 1) * chunkBytes);
      const place = { index, count: chunks, leaf: leafHash(chunk), path: path.map(bytes) };
      expect(verifyPath(place, bytes(root))).toBe(true);
      expect(plain(tree.path(index))).toEqual(path);
    });
  });

  it('an empty image', () => {
    expect(hex(chunkTree(image(0), vectors.chunkLog2).root)).toBe(vectors.emptyRoot);
  });

  it('content of two segments', () => {
    const { cek, sha256, size, segments, chunks } = vectors.content;
    const whole = image(size);
    const content = { suite, cek: bytes(cek), sha256: bytes(sha256), chunkLog2: vectors.chunkLog2 };
    expect([0, 1].map((segment) => plain(segmentKeys(content, segment)))).toEqual(segments);
    const cipher = new ContentCipher(content);
    for (const { index, sealed } of chunks) {
      const chunk = whole.slice(index * chunkBytes, (index + 1) * chunkBytes);
      expect(hex(cipher.seal(index, chunk))).toBe(sealed);
      expect(cipher.open(index, bytes(sealed))).toEqual(chunk);
    }
  });
});

/** One event of §6.1, as D takes it. */
function take(window: DeviceWindow, step: WindowStep): { window: DeviceWindow; action: unknown } {
  switch (step.event) {
    case 'session':
      return { window: beginSession(window), action: 'none' };
    case 'request':
      return receiveRequest(window, step.n, step.at, () => step.check);
    case 'set': {
      const taken = receiveIntervals(window, step, step.at);
      return { window: taken.window, action: taken.reply };
    }
    default:
      return { window: passTime(window, step.at), action: 'none' };
  }
}

describe.each(vectors.window)('window: $name', ({ intervals, steps }) => {
  it('goes as the list says', () => {
    const [first, ...rest] = steps;
    let window = startWindow(newWindow(intervals), first!.at);
    for (const step of rest) {
      const taken = take(window, step);
      window = taken.window;
      expect(taken.action).toEqual(step.action);
      expect({ ...window, opensIn: opensIn(window, step.at) }).toMatchObject(step.after);
    }
  });
});
