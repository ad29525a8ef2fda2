/** Mode `full`: both halves against each other, and a device that shows something else (docs/protocol.md §6.2 step 4). */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { ImageShow, ShownImage, type Piece, type ShownProgress } from '@lamplighter/sdk/protocol';
import { filled } from './session-fixture.ts';

const FMAX = 1280;
const PIECE = FMAX - 128;
const IMAGE = Uint8Array.from({ length: 5 * PIECE + 7 }, (_, at) => (at * 31) & 0xff);

const digestOf = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());
const named = (bytes: Uint8Array): { sha256: Uint8Array; size: number } => ({
  sha256: digestOf(bytes),
  size: bytes.length,
});

function pieceOf(bytes: Uint8Array, from: number, to: number, sha256 = digestOf(IMAGE)): Piece {
  return { type: 'blob', sha256, from, data: bytes.subarray(from, to) };
}

/** Shows `held` as the image that `expected` is; gives what M made of it. */
function shown(expected: Uint8Array, held: Uint8Array, fmax = FMAX): ShownProgress {
  const name = named(expected);
  const show = new ImageShow(name, fmax);
  const image = new ShownImage(name, fmax);
  let want = image.want();
  for (;;) {
    const spans = show.take(want);
    let progress: ShownProgress = { kind: 'more' };
    for (const { from, to } of spans ?? [])
      progress = image.take(pieceOf(held, from, to, name.sha256));
    if (progress.kind !== 'want') return progress;
    want = progress.want;
  }
}

describe('an image that is shown', () => {
  it('is the one that it should be, over all sizes and frames', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 5000 }),
        fc.integer({ min: 1280, max: 66_560 }),
        (image, fmax) => {
          expect(shown(image, image, fmax)).toEqual({ kind: 'whole', same: true });
        },
      ),
    );
  });

  it('is another one when any byte differs', () => {
    fc.assert(
      fc.property(fc.nat(IMAGE.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const held = IMAGE.with(at, IMAGE[at]! ^ change);
        expect(shown(IMAGE, held)).toEqual({ kind: 'whole', same: false });
      }),
    );
  });

  it('comes in as much as half a MiB at a time', () => {
    const big = { sha256: filled(1), size: 2 ** 24 };
    expect(new ShownImage(big, 66_560).want().credit).toBe(7);
    expect(new ShownImage(big, 1280).want().credit).toBe(256);
  });
});

describe('a manager', () => {
  it.each<[string, Piece, ShownProgress['kind']]>([
    ['the next piece', pieceOf(IMAGE, 0, PIECE), 'more'],
    ['a piece out of order', pieceOf(IMAGE, PIECE, 2 * PIECE), 'false'],
    ['a piece of another object', pieceOf(IMAGE, 0, PIECE, filled(1)), 'false'],
    ['an empty piece', pieceOf(IMAGE, 0, 0), 'false'],
    ['a piece larger than a frame', pieceOf(IMAGE, 0, PIECE + 1), 'false'],
  ])('takes %s for what it is', (_, piece, kind) => {
    const image = new ShownImage(named(IMAGE), FMAX);
    image.want();
    expect(image.take(piece).kind).toBe(kind);
  });

  it('sees that an image is longer than it should be', () => {
    const image = new ShownImage({ sha256: digestOf(IMAGE), size: PIECE + 1 }, FMAX);
    image.want();
    expect(image.take(pieceOf(IMAGE, 0, PIECE)).kind).toBe('more');
    expect(image.take(pieceOf(IMAGE, PIECE, PIECE + 2)).kind).toBe('long');
  });

  it('takes nothing that it did not ask for', () => {
    const image = new ShownImage(named(IMAGE), FMAX);
    expect(image.take(pieceOf(IMAGE, 0, PIECE)).kind).toBe('false');
  });

  it('takes nothing after the end', () => {
    const image = new ShownImage({ sha256: digestOf(IMAGE), size: 1 }, FMAX);
    image.want();
    image.take(pieceOf(IMAGE, 0, 1));
    expect(image.take(pieceOf(IMAGE, 1, 2)).kind).toBe('false');
  });
});

describe('a device', () => {
  const want = { type: 'want', sha256: digestOf(IMAGE), from: 0, credit: 2, paths: false } as const;

  it('shows as many pieces as there is credit, each once', () => {
    const show = new ImageShow(named(IMAGE), FMAX);
    expect(show.take(want)).toEqual([
      { from: 0, to: PIECE },
      { from: PIECE, to: 2 * PIECE },
    ]);
    expect(show.take(want)).toBeNull();
    expect(show.take({ ...want, from: 3 * PIECE })).toBeNull();
    expect(show.take({ ...want, from: 2 * PIECE, credit: 256 })?.at(-1)).toEqual({
      from: 5 * PIECE,
      to: IMAGE.length,
    });
    expect(show.take({ ...want, from: IMAGE.length })).toBeNull();
  });

  it('shows no other object, and nothing of an empty image', () => {
    const show = new ImageShow(named(IMAGE), FMAX);
    expect(show.take({ ...want, sha256: filled(1) })).toBeNull();
    const none = named(new Uint8Array(0));
    expect(new ImageShow(none, FMAX).take({ ...want, sha256: none.sha256 })).toBeNull();
  });
});
