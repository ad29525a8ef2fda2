/** What a session promises, under every suite of docs/protocol.md §4: §5's records, limits and rekey, and that no keys are shared. */
import fc from 'fast-check';
import { suiteIds, suiteOf, type KeyedAead, type Suite } from '@lamplighter/sdk/crypto';
import { Session, type SessionRole } from '@lamplighter/sdk/protocol';
import { decodeFrame, encodeFrame, type Message, type RecordFrame } from '@lamplighter/sdk/wire';
import { outcomeOf, refusalOf } from '../refusal.ts';
import { filled } from './session-fixture.ts';

const FMAX = 4608;
const ready: Message = { type: 'ready', flags: 0 };
const ack: Message = { type: 'mon-ack', ivn: 3 };
const suspend: Message = { type: 'suspend', seconds: 60 };
const notAuthentic = { code: 'RECORD_NOT_AUTHENTIC', closeCode: 4402 };

interface Ends {
  readonly device: Session;
  readonly manager: Session;
}

/** Both ends after `ready`. */
function opened(suite: Suite, ms = filled(1), h4 = filled(2), fmax = FMAX): Ends {
  const end = (role: SessionRole): Session => new Session({ suite, ms, h4, role, fmax });
  const ends = { device: end('device'), manager: end('manager') };
  for (const frame of ends.manager.seal(ready)) ends.device.open(frame);
  return ends;
}

function one(session: Session, message: Message): Uint8Array {
  const frames = session.seal(message);
  expect(frames).toHaveLength(1);
  return frames[0]!;
}

const sealedIn = (frame: Uint8Array): Uint8Array => (decodeFrame(frame) as RecordFrame).sealed;
const recordOf = (sealed: Uint8Array): Uint8Array => encodeFrame({ type: 'record', sealed });

/** Blocks of a record whose text fits into one (§5): nonce, associated data, text. */
function blocksOf({ nonceBytes, blockBytes }: Suite): number {
  return Math.ceil(nonceBytes / blockBytes) + 1 + 1;
}

/** A suite that says what it was asked for. */
function counted(suite: Suite): { readonly suite: Suite; readonly calls: string[] } {
  const calls: string[] = [];
  const aead = (key: Uint8Array): KeyedAead => {
    const inner = suite.aead(key);
    return {
      seal(nonce, ad, text) {
        calls.push('seal');
        return inner.seal(nonce, ad, text);
      },
      open(nonce, ad, sealed) {
        calls.push(`open ${sealed.length}`);
        return inner.open(nonce, ad, sealed);
      },
    };
  };
  const expand: Suite['expand'] = (...parameters) => {
    calls.push('expand');
    return suite.expand(...parameters);
  };
  return { suite: { ...suite, aead, expand }, calls };
}

describe.each(suiteIds.map((id) => [suiteOf(id).name, id] as const))('%s', (_, id) => {
  const suite = suiteOf(id);

  it('opens what it sealed, of any size and across rekeys', () => {
    const step = fc.record({ up: fc.boolean(), size: fc.nat({ max: 120 }), rekey: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
        const { device, manager } = opened(suite);
        for (const { up, size, rekey } of steps) {
          const [from, to] = up ? [device, manager] : [manager, device];
          if (rekey) to.open(from.rekey());
          const data = filled(size, size);
          const message: Message = { type: 'blob', sha256: filled(9), from: size, data };
          expect(to.open(one(from, message))).toEqual(message);
        }
      }),
      { numRuns: 4 },
    );
  });

  it('refuses one bit changed anywhere in a record, alike and after the same work', () => {
    const right = counted(suite);
    const { device, manager } = opened(right.suite);
    const frame = one(device, ack);
    right.calls.length = 0;
    manager.open(frame);
    fc.assert(
      fc.property(fc.nat(), (place) => {
        const wrong = counted(suite);
        const ends = opened(wrong.suite);
        wrong.calls.length = 0;
        const sealed = sealedIn(frame).slice();
        const bit = place % (8 * sealed.length);
        sealed[bit >> 3]! ^= 1 << (bit & 7);
        expect(refusalOf(() => ends.manager.open(recordOf(sealed)))).toEqual(notAuthentic);
        expect(wrong.calls).toEqual(right.calls);
        expect(ends.manager.isClosed).toBe(true);
      }),
      { numRuns: 8 },
    );
  });

  it('refuses another sequence, generation and direction alike, after the same work', () => {
    const frames = ((): readonly Uint8Array[] => {
      const { device, manager } = opened(suite);
      const later = opened(suite);
      one(later.device, ack);
      const rekeyed = opened(suite);
      rekeyed.device.rekey();
      one(manager, suspend);
      return [
        one(device, ack),
        one(later.device, ack),
        one(rekeyed.device, ack),
        // The manager's record of the same sequence: direction changed.
        one(opened(suite).manager, { type: 'close-notify', code: 1 }),
      ];
    })();
    const work = frames.map((frame, at) => {
      const { suite: own, calls } = counted(suite);
      const { manager } = opened(own);
      calls.length = 0;
      const outcome = outcomeOf(() => manager.open(frame));
      expect(outcome).toEqual(at === 0 ? { value: ack } : { refusal: notAuthentic });
      return calls.map((call) => call.split(' ')[0]);
    });
    expect(work).toEqual(frames.map(() => ['open']));
  });

  it('shares no key between sessions, directions and generations', () => {
    const keys: string[] = [];
    const own: Suite = {
      ...suite,
      aead(key) {
        keys.push(Buffer.from(key).toString('hex'));
        return suite.aead(key);
      },
    };
    const sessions = [filled(1), filled(3)].flatMap((ms) =>
      [filled(2), filled(4)].map((h4) => opened(own, ms, h4)),
    );
    for (const { device, manager } of sessions) {
      device.open(manager.rekey());
      manager.open(device.rekey());
    }
    // Both ends compute each key: four sessions, two directions, two generations.
    expect(keys).toHaveLength(32);
    expect(new Set(keys).size).toBe(16);
  });

  it('opens nothing that was recorded in another session', () => {
    const record = one(opened(suite).device, ack);
    expect(opened(suite).manager.open(record)).toEqual(ack);
    for (const [ms, h4] of [
      [filled(3), filled(2)],
      [filled(1), filled(4)],
    ] as const) {
      const { manager } = opened(suite, ms, h4);
      expect(refusalOf(() => manager.open(record))).toEqual(notAuthentic);
    }
  });

  it('has a new key at half the records, at both ends', () => {
    const small: Suite = { ...suite, limits: { ...suite.limits, records: 8 } };
    const { device, manager } = opened(small);
    const counts = Array.from({ length: 9 }, () => {
      const frames = device.seal(ack);
      for (const frame of frames) manager.open(frame);
      return frames.length;
    });
    expect(counts).toEqual([1, 1, 1, 1, 2, 1, 1, 1, 2]);
  });

  it.each(['device', 'manager'] as const)(
    'refuses the first record beyond a limit at the %s',
    (receiver) => {
      // A sender that knows no limits; M's first record is `ready`.
      const careless = opened(suite);
      const sender = receiver === 'device' ? careless.manager : careless.device;
      const message: Message = receiver === 'device' ? suspend : ack;
      const taken = receiver === 'device' ? 3 : 4;
      const frames = Array.from({ length: taken + 1 }, () => one(sender, message));
      for (const limits of [{ records: 4 }, { blocks: 4 * blocksOf(suite) }]) {
        const ends = opened({ ...suite, limits: { ...suite.limits, ...limits } });
        for (const frame of frames.slice(0, taken)) ends[receiver].open(frame);
        expect(refusalOf(() => ends[receiver].open(frames[taken]!))).toEqual({
          code: 'RECORD_LIMIT',
          closeCode: 4402,
        });
      }
    },
  );

  it('seals nothing beyond a limit', () => {
    // `ready` is all that these limits let through: not even the rekey record fits behind it.
    for (const limits of [{ records: 1 }, { blocks: blocksOf(suite) }]) {
      const { manager } = opened({ ...suite, limits: { ...suite.limits, ...limits } });
      expect(refusalOf(() => manager.seal(suspend)).code).toBe('RECORD_LIMIT');
      expect(refusalOf(() => manager.rekey()).code).toBe('RECORD_LIMIT');
    }
  });

  it('takes no frame that is larger than the suite allows, and sends none', () => {
    const { frameBytes } = suite.limits;
    const { device, manager } = opened(suite, filled(1), filled(2), 70_000);
    expect(device.fmax).toBe(frameBytes);
    const data = new Uint8Array(frameBytes);
    const blob: Message = { type: 'blob', sha256: filled(9), from: 0, data };
    expect(() => device.seal(blob)).toThrow(RangeError);
    expect(refusalOf(() => manager.open(new Uint8Array(frameBytes + 1)))).toEqual({
      code: 'FRAME_TOO_LARGE',
      closeCode: 4400,
    });
  });
});
