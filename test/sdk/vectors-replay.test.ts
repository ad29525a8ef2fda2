/** The vectors against the implementation, both ends (docs/protocol.md §9). */
import { createHash } from 'node:crypto';
import {
  chainContext,
  chainValue,
  LMS_ID_BYTES,
  lmsSet,
  suiteOf,
  TREE_OTS_TYPE,
  type VendorTrust,
} from '@lamplighter/sdk/crypto';
import {
  acceptResync,
  acceptSession,
  checkHello,
  enrol,
  finishSession,
  intervalsAnswer,
  intervalsHash,
  manageEpoch,
  measureImage,
  monitorSigned,
  NoticeAssembly,
  noticeFrames,
  prepareAnswer,
  startHello,
  stepCounter,
  type DeviceEpoch,
  type ManagedEpoch,
  Session,
  type SessionRole,
} from '@lamplighter/sdk/protocol';
import {
  concatBytes,
  decodeAssignment,
  decodeFrame,
  decodeMessage,
  encodeAssignment,
  encodeMessage,
  finishBodyCodec,
  type Message,
  type NoticeFrame,
} from '@lamplighter/sdk/wire';
import { generationAt, generationIndex } from '@lamplighter/sdk/crypto';
import { LmsTree } from '../../network/src/management/lms-tree.ts';
import { refusalOf } from './refusal.ts';
import {
  allVectors,
  bytes,
  image,
  plain,
  type EnrolmentVector,
  type HandshakeVector,
} from './vectors-file.ts';

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

/** The manager's tree: one level of LMS_SHA256_M24_H5. */
let tree: { sign(leaf: number, message: Uint8Array): Uint8Array };
beforeAll(async () => {
  const seed = bytes(allVectors[0]!.inputs.treeSeed);
  const id = createHash('sha256').update(seed).digest().subarray(0, LMS_ID_BYTES);
  const set = lmsSet(0x0a, TREE_OTS_TYPE)!;
  const grown = await LmsTree.grow(set, { id, seed: seed.slice(0, set.hashBytes) });
  tree = { sign: (leaf, message) => concatBytes(new Uint8Array(4), grown.sign(leaf, message)) };
});

describe.each(allVectors)('suite $suite', (vectors) => {
  const suite = suiteOf(vectors.suite);
  const { inputs } = vectors;
  const seed = bytes(inputs.chainSeed);

  const known = new Map<string, { device: DeviceEpoch; managed: ManagedEpoch }>();

  /** Once each: some chains take long. */
  function enrolled(vector: EnrolmentVector): {
    device: DeviceEpoch;
    managed: ManagedEpoch;
  } {
    const pair = known.get(vector.name) ?? enrolBoth(vector);
    known.set(vector.name, pair);
    return pair;
  }

  function enrolBoth(vector: EnrolmentVector): { device: DeviceEpoch; managed: ManagedEpoch } {
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
    const value = chainValue(
      suite,
      chainContext(idM, idD, epoch),
      { seed, length: inputs.chainLength },
      index,
    );
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
    const ticket =
      vector.rs === undefined ? null : { rid: bytes(vector.rid!), rs: bytes(vector.rs) };
    const hello = startHello(stepCounter(device), {
      nd: bytes(inputs.nd),
      ephemeralSecret: bytes(inputs.deviceEphemeral),
      fmax: fmaxOf(device),
      ...(ticket && { ticket }),
    });
    const found = ticket === null ? managed : { resumes: managed, rs: bytes(vector.rs!) };
    const verdict = checkHello(hello.frame, () => found);
    if (verdict.kind !== 'accept') throw new Error(`expected accept, got ${verdict.kind}`);
    const prepared = prepareAnswer(verdict, {
      nm: bytes(inputs.nm),
      ephemeralSecret: bytes(inputs.managerEphemeral),
      signatureKey: bytes(inputs.managerSecret),
    });
    const { toSign, epoch } = prepared;
    const answered = {
      ...prepared.seal(toSign === null ? undefined : tree.sign(vector.leaf!, toSign)),
      epoch,
    };
    const { state } = finishBodyCodec.decode(bytes(vector.finishBody));
    const accepted = acceptSession(
      hello.pending,
      answered.frame,
      state,
      bytes(inputs.deviceSecret),
    );
    const finished = finishSession(answered.pending, accepted.frame, answered.epoch);
    return { hello, verdict, answered, accepted, finished, state };
  }

  it('has every kind of handshake that the suite is for', () => {
    const kinds = vectors.handshakes.map(({ leaf, rs, chainIndexShown }) => {
      if (leaf !== undefined) return 'tree';
      if (rs !== undefined) return 'resumption';
      return chainIndexShown === 0 ? 'end' : 'chain';
    });
    const expected = suite.classes.includes(0) ? ['end', 'resumption'] : [];
    expect(new Set(kinds)).toEqual(new Set([...expected, 'chain', 'tree']));
  });

  describe('functions', () => {
    const { extract, expand, mac, seal } = vectors.functions;

    it('derive', () => {
      for (const { salt, ikm, out } of extract) {
        expect(hex(suite.extract(bytes(salt), bytes(ikm)))).toBe(out);
      }
      for (const { key, label, context, length, out } of expand) {
        expect(hex(suite.expand(bytes(key), label, bytes(context), length))).toBe(out);
      }
      for (const { key, message, out } of mac) {
        expect(hex(suite.mac(bytes(key), bytes(message)))).toBe(out);
      }
    });

    it('seal and open, by themselves and under a key that is kept', () => {
      for (const { key, nonce, ad, text, sealed } of seal) {
        const kept = suite.aead(bytes(key));
        const parts = [bytes(nonce), bytes(ad)] as const;
        expect(hex(suite.seal(bytes(key), ...parts, bytes(text)))).toBe(sealed);
        expect(hex(suite.open(bytes(key), ...parts, bytes(sealed)))).toBe(text);
        expect(hex(kept.seal(...parts, bytes(text)))).toBe(sealed);
        expect(hex(kept.open(...parts, bytes(sealed)))).toBe(text);
      }
    });
  });

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
    const vector = vectors.handshakes.find(({ name }) => name === records.handshake)!;
    const end = (role: SessionRole): Session =>
      new Session({ suite, ms: bytes(vector.ms), h4: bytes(vector.h4), role, fmax: 4608 });
    const session = () => ({ device: end('device'), manager: end('manager') });

    it('belong to the session of their handshake', () => {
      const { accepted, finished } = run(vector);
      const [ready] = finished.session.seal({ type: 'ready', flags: 0 });
      expect(hex(ready!)).toBe(records.manager[0]);
      accepted.session.open(ready!);
      expect(hex(accepted.session.seal({ type: 'mon-ack', ivn: 2 })[0]!)).toBe(records.device[0]);
    });

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

  const fmaxOf = ({ assignment }: DeviceEpoch): number => (assignment.class === 0 ? 66_560 : 4608);

  describe('refusals', () => {
    it('resync brings D to the answered counter', () => {
      const { resync } = vectors.refusals;
      const { device, managed } = ends({ ...vectors.handshakes[0]!, ctr: 3 });
      const { frame, pending } = startHello(stepCounter(device), {
        nd: bytes(inputs.nd),
        ephemeralSecret: bytes(inputs.deviceEphemeral),
        fmax: fmaxOf(device),
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
});
