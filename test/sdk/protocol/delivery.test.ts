/** Deliveries, both halves against each other, and everything a false M can send (docs/protocol.md §6.6). */
import { decodeFrame, encodeFrame } from '@lamplighter/sdk/wire';
import type { ContentFrame } from '@lamplighter/sdk/wire';
import { DeviceDelivery, SealedImage } from '@lamplighter/sdk/protocol';
import type { DeliveryOutput, StoredTransfer } from '@lamplighter/sdk/protocol';
import {
  SUITE,
  TARGET,
  cipherOf,
  deliver,
  imageOf,
  manifestOf,
  refOf,
  sha256,
  signed,
} from './delivery-fixture.ts';
import type { Tamper } from './delivery-fixture.ts';
import { filled } from './session-fixture.ts';

const IMAGE = imageOf(10_000);
const MANIFEST = manifestOf(IMAGE);

/** Changes the content frames of one index, every time or the first time only. */
function changing(
  index: number,
  change: (frame: ContentFrame) => Partial<ContentFrame>,
  times = Infinity,
): Tamper {
  let left = times;
  return (output) => {
    if (output.kind !== 'frame') return [output];
    const frame = decodeFrame(output.frame) as ContentFrame;
    if (frame.index !== index || left === 0) return [output];
    left -= 1;
    return [{ kind: 'frame', frame: encodeFrame({ ...frame, ...change(frame) }) }];
  };
}

function rootOf(image: Uint8Array, chunkLog2: number): { root: Uint8Array } {
  return { root: manifestOf(image, { chunkLog2 }).root };
}

function flipped(bytes: Uint8Array, bit = 0): Uint8Array {
  const changed = Uint8Array.from(bytes);
  const at = Math.floor(bit / 8);
  changed[at] = (changed[at] ?? 0) ^ (1 << (bit % 8));
  return changed;
}

describe.each([
  ['with paths', true],
  ['with a leaf list', false],
])('a delivery %s', (_, paths) => {
  it.each([0, 1, 1023, 1024, 1025, 3072, 10_000, 65_536])(
    'brings an image of %i bytes into the slot',
    async (size) => {
      const image = imageOf(size);
      const run = await deliver({ image, paths });
      expect(run.code).toBe(0);
      expect(run.slot.subarray(0, size)).toEqual(image);
      expect(run.sent('done').map(({ code }) => code)).toEqual([0, 0]);
      expect(run.all('write').reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(size);
    },
  );

  it('goes on in the smallest frames', async () => {
    const image = imageOf(65_000);
    const run = await deliver({
      image,
      paths,
      fmax: 1280,
      manifest: { chunkLog2: 8, ...rootOf(image, 8) },
    });
    expect(run.code).toBe(0);
    expect(run.slot.subarray(0, 65_000)).toEqual(image);
  });

  it.each(Array.from({ length: 10 }, (__, index) => index))(
    'asks again for chunk %i when one bit of it came flipped, and aborts at the second time',
    async (index) => {
      const flip = (frame: ContentFrame) => ({ sealed: flipped(frame.sealed, 77) });
      const once = await deliver({ image: IMAGE, paths, tamper: changing(index, flip, 1) });
      expect(once.code).toBe(0);
      expect(once.sent('error')).toEqual([{ type: 'error', re: 5, code: 5 }]);
      expect(once.slot.subarray(0, IMAGE.length)).toEqual(IMAGE);
      const always = await deliver({ image: IMAGE, paths, tamper: changing(index, flip) });
      expect(always.code).toBe(5);
      expect(always.sent('done').at(-1)).toEqual({
        type: 'done',
        sha256: MANIFEST.sha256,
        code: 5,
      });
      const written = always.all('write').map(({ at }) => at / 1024);
      expect(written).toEqual(Array.from({ length: index }, (___, at) => at));
    },
  );

  it('never writes a chunk that M itself forged', async () => {
    const forged = cipherOf(MANIFEST).seal(4, flipped(IMAGE.slice(4096, 5120)));
    const run = await deliver({
      image: IMAGE,
      paths,
      tamper: changing(4, () => ({ sealed: forged })),
    });
    expect(run.code).toBe(5);
    expect(run.slot.subarray(4096)).toEqual(new Uint8Array(run.slot.length - 4096));
  });

  it.each([
    ['a chunk too short', IMAGE.slice(9216, 9999)],
    ['a chunk too long', imageOf(1024)],
    ['no byte', new Uint8Array(0)],
  ])('refuses %s at the end', async (__, last) => {
    const sealed = cipherOf(MANIFEST).seal(9, last);
    const run = await deliver({ image: IMAGE, paths, tamper: changing(9, () => ({ sealed })) });
    expect(run.code).toBe(5);
  });

  it.each([
    ['cut short', IMAGE.slice(0, 5000)],
    ['too long', imageOf(12_000)],
    ['another one', imageOf(10_000).reverse()],
  ])('installs nothing when the image M holds is %s', async (__, held) => {
    const run = await deliver({ image: IMAGE, held, paths });
    expect(run.all('install')).toEqual([]);
    expect(run.code === 5 || run.device.stalled(61)).toBe(true);
  });

  it('refuses chunks out of order', async () => {
    const held: DeliveryOutput[] = [];
    const swap: Tamper = (output) => {
      if (output.kind !== 'frame') return [output];
      held.push(output);
      return held.length === 2 ? held.splice(0).reverse() : [];
    };
    const run = await deliver({ image: IMAGE, paths, tamper: swap });
    expect(run.code).toBe(5);
  });

  it('refuses a chunk sent twice', async () => {
    const twice: Tamper = (output) => (output.kind === 'frame' ? [output, output] : [output]);
    const run = await deliver({ image: IMAGE, paths, tamper: twice });
    expect(run.all('install')).toEqual([]);
  });

  it('resumes where it kept its place, and verifies the whole again', async () => {
    const image = imageOf(60_000);
    const slot = new Uint8Array(65_536);
    slot.set(image.subarray(0, 20 * 1024));
    const transfer = { signed: new Uint8Array(0), attempt: 4, next: 20, idleSessions: 2 };
    const run = await deliver({ image, paths, slot, transfer });
    expect(run.code).toBe(0);
    expect(run.all('write')[0]?.at).toBe(20 * 1024);
    expect(run.all('install')[0]?.image.attempt).toBe(4);
    const keeps = run.all('keep').map(({ transfer: { idleSessions } }) => idleSessions);
    expect([keeps[0], keeps.at(-1)]).toEqual([3, 0]);
  });

  it('finds what changed in flash in the meantime', async () => {
    const image = imageOf(30_000);
    const slot = new Uint8Array(65_536);
    slot.set(flipped(image.subarray(0, 20 * 1024), 8 * 300));
    const transfer = { signed: new Uint8Array(0), attempt: 1, next: 20, idleSessions: 0 };
    const run = await deliver({ image, paths, slot, transfer });
    expect(run.code).toBe(5);
    expect(run.all('install')).toEqual([]);
  });
});

describe('a manifest', () => {
  const cases: [string, Parameters<typeof deliver>[0], number][] = [
    ['signed by another key', { envelope: signed(MANIFEST, filled(9)) }, 2],
    ['with one bit of its payload flipped', { envelope: flipped(signed(MANIFEST), 8 * 20) }, 2],
    ['that is no envelope', { envelope: Uint8Array.of(1, 2, 3) }, 2],
    ['of another vendor', { manifest: { vendor: 'helios' } }, 3],
    ['of another model', { manifest: { model: 'model-2' } }, 3],
    ['of another component', { manifest: { component: ['radio', 0] } }, 3],
    ['of another slot of the component', { manifest: { component: ['firmware', 1] } }, 3],
    ['of a lower seq', { manifest: { seq: 6 } }, 3],
    ['of the same seq with another image', { manifest: { seq: 7 } }, 3],
    ['of an older generation', { manifest: { gen: 0, seq: 99 } }, 3],
    ['of a newer generation than the roots', { manifest: { gen: 2 } }, 3],
    ['that expired', { target: { time: 2001 } }, 3],
    ['too large for the slot', { target: { slotBytes: 9999 } }, 7],
    ['after another precursor', { manifest: { precursor: { seq: 6, sha256: filled(7) } } }, 4],
    ['after another image', { manifest: { precursor: { seq: 7, sha256: filled(8) } } }, 4],
    ['for a newer boot loader', { manifest: { bootloader: 3 } }, 9],
    ['of a set', { manifest: { setDigest: filled(1) } }, 9],
    [
      'of a delta',
      {
        manifest: {
          format: 1,
          deltaSize: 10,
          deltaSha256: filled(1),
          precursor: { seq: 7, sha256: filled(7) },
        },
      },
      9,
    ],
    ['with chunks larger than a frame', { manifest: { chunkLog2: 13, root: filled(1) } }, 9],
    [
      'of an image refused before',
      { target: { refused: [{ sha256: MANIFEST.sha256, code: 8 }] } },
      8,
    ],
    ['of the image in use', { target: { inUse: { seq: 8, sha256: MANIFEST.sha256 } } }, 1],
  ];

  it.each(cases)('%s writes nothing', async (_, options, code) => {
    const run = await deliver({ image: IMAGE, ...options });
    expect([run.code, run.all('write'), run.all('begin')]).toEqual([code, [], []]);
    expect(run.sent('done').map((done) => done.code)).toEqual([code]);
  });

  const right: [string, Parameters<typeof deliver>[0]][] = [
    ['after the right precursor', { manifest: { precursor: { seq: 7, sha256: filled(7) } } }],
    [
      'of a new generation with a low seq',
      { manifest: { gen: 2, seq: 0 }, target: { rootsGen: 2 } },
    ],
    ['where there is no trusted time', { target: { time: null }, manifest: { expiry: 0 } }],
    ['for the boot loader in use', { manifest: { bootloader: 2 } }],
    ['in the second of its expiry', { target: { time: 2000 } }],
  ];

  it.each(right)('%s is installed', async (_, options) => {
    expect((await deliver({ image: IMAGE, ...options })).code).toBe(0);
  });

  it('that is another blob than the offer named is refused', async () => {
    const other = signed(manifestOf(IMAGE, { seq: 9 }));
    const tamper: Tamper = (output) =>
      output.kind === 'message' && output.message.type === 'blob'
        ? [{ ...output, message: { ...output.message, data: other } }]
        : [output];
    const run = await deliver({ image: IMAGE, tamper });
    expect([run.code, run.all('write')]).toEqual([5, []]);
  });
});

describe('a device in a delivery', () => {
  const transfer: StoredTransfer = {
    signed: signed(MANIFEST),
    attempt: 1,
    next: 0,
    idleSessions: 5,
  };

  it('gives up after five sessions without progress', async () => {
    const run = await deliver({ image: IMAGE, transfer });
    expect(run.code).toBe(6);
    expect(run.all('end')[0]?.image?.attempt).toBe(1);
    expect((await deliver({ image: IMAGE, transfer: { ...transfer, idleSessions: 4 } })).code).toBe(
      0,
    );
  });

  it('verifies a stored manifest again before it goes on', async () => {
    const run = await deliver({ image: IMAGE, transfer, envelope: signed(MANIFEST, filled(9)) });
    expect([run.code, run.all('write')]).toEqual([2, []]);
  });

  it('goes on with the same offer and is busy for another', async () => {
    const run = await deliver({ image: IMAGE, tamper: () => [] });
    const envelope = signed(MANIFEST);
    expect(run.device.offer(refOf(envelope), TARGET, 2, 1)).toEqual([]);
    const other = refOf(signed(manifestOf(IMAGE, { seq: 9 })));
    expect(run.device.offer(other, TARGET, 2, 1)).toEqual([
      { kind: 'send', message: { type: 'error', re: 18, code: 11 } },
    ]);
  });

  it('drops a manager that sends nothing for 60 s, or less than 64 B/s over ten minutes', async () => {
    const run = await deliver({ image: IMAGE, tamper: () => [] });
    expect([run.device.stalled(60), run.device.stalled(61)]).toEqual([false, true]);
    expect((await deliver({ image: IMAGE })).device.stalled(10_000)).toBe(false);
    const trickle = new DeviceDelivery({
      suite: SUITE,
      fmax: 4608,
      paths: true,
      openRelease: (envelope) => envelope,
    });
    trickle.offer({ kind: 1, sha256: filled(1), size: 60_000 }, TARGET, 1, 0);
    for (let at = 0; at < 20; at += 1) {
      trickle.blob({ type: 'blob', sha256: filled(1), from: at, data: Uint8Array.of(1) }, at * 31);
    }
    expect([trickle.stalled(599), trickle.stalled(601)]).toEqual([false, true]);
  });

  it('closes with 4400 for content that it did not ask for, 4402 for blobs and heads', async () => {
    const done = await deliver({ image: IMAGE });
    const frame: ContentFrame = { type: 'content', index: 0, path: [], sealed: filled(1) };
    expect(done.device.content(frame, 0)).toEqual([{ kind: 'close', code: 4400 }]);
    const close = [{ kind: 'close', code: 4402 }];
    const name = filled(1);
    expect(done.device.blob({ type: 'blob', sha256: name, from: 0, data: name }, 0)).toEqual(close);
    expect(done.device.head({ type: 'head', sha256: name, cek: name, from: 0 })).toEqual(close);
  });

  it('closes with 4400 for content before its head, and 4402 for a head of another place', async () => {
    const noHead: Tamper = (output) =>
      output.kind === 'message' && output.message.type === 'head' ? [] : [output];
    const run = await deliver({ image: IMAGE, tamper: noHead });
    expect(run.all('close')[0]?.code).toBe(4400);
    const otherHead: Tamper = (output) =>
      output.kind === 'message' && output.message.type === 'head'
        ? [{ ...output, message: { ...output.message, from: 1 } }]
        : [output];
    const other = await deliver({ image: IMAGE, tamper: otherHead });
    expect(other.all('close')[0]?.code).toBe(4402);
  });

  it('closes with 4402 for a piece of a blob out of its place', async () => {
    const shifted: Tamper = (output) =>
      output.kind === 'message' && output.message.type === 'blob'
        ? [{ ...output, message: { ...output.message, from: 1 } }]
        : [output];
    const run = await deliver({ image: IMAGE, tamper: shifted });
    expect(run.all('close')[0]?.code).toBe(4402);
  });

  it('checks a leaf list by its root', async () => {
    const forged: Tamper = (output) =>
      output.kind === 'message' &&
      output.message.type === 'blob' &&
      output.message.sha256.every((byte, at) => byte === MANIFEST.root[at])
        ? [{ ...output, message: { ...output.message, data: flipped(output.message.data) } }]
        : [output];
    const run = await deliver({ image: IMAGE, paths: false, tamper: forged });
    expect([run.code, run.all('write')]).toEqual([5, []]);
    expect(run.sent('error')).toEqual([{ type: 'error', re: 22, code: 5 }]);
  });
});

describe('a sealed image', () => {
  it('has to be the one of its manifest', () => {
    const build = (image: Uint8Array) => () =>
      new SealedImage(SUITE, MANIFEST, image, filled(0x33));
    expect(build(IMAGE.slice(1))).toThrow(RangeError);
    expect(build(flipped(IMAGE))).toThrow(RangeError);
    expect(() => build(IMAGE)().chunk(10)).toThrow(RangeError);
  });

  it('seals a chunk once', () => {
    const sealed = new SealedImage(SUITE, MANIFEST, IMAGE, filled(0x33));
    expect(sealed.chunk(3)).toBe(sealed.chunk(3));
    expect(sha256(sealed.leafList.bytes)).toHaveLength(32);
  });
});
