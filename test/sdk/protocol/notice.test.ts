import { NoticeAssembly, noticeFrames } from '@lamplighter/sdk/protocol';
import { decodeFrame, type NoticeFrame } from '@lamplighter/sdk/wire';
import { refusalOf } from '../refusal.ts';

const envelope = Uint8Array.from({ length: 2500 }, (_, at) => at % 251);
const pieces = noticeFrames(envelope).map((frame) => decodeFrame(frame) as NoticeFrame);
const [first, second, third] = pieces as [NoticeFrame, NoticeFrame, NoticeFrame];
const expected = { code: 'NOTICE_OUT_OF_ORDER', closeCode: 4400 };

describe('notice', () => {
  it('cuts an envelope into pieces of 1024 bytes and puts it together again', () => {
    expect(pieces.map(({ data }) => data.length)).toEqual([1024, 1024, 452]);
    const assembly = new NoticeAssembly();
    expect(pieces.map((piece) => assembly.add(piece))).toEqual([undefined, undefined, envelope]);
  });

  it('carries 1 byte and 20480 bytes, not more or less', () => {
    expect(noticeFrames(new Uint8Array(1))).toHaveLength(1);
    expect(noticeFrames(new Uint8Array(20_480))).toHaveLength(20);
    expect(() => noticeFrames(new Uint8Array(20_481))).toThrow(RangeError);
    expect(() => noticeFrames(new Uint8Array(0))).toThrow(RangeError);
  });

  it.each([
    ['a second piece first', [second]],
    ['a piece left out', [first, third]],
    ['a piece twice', [first, first]],
    ['another total', [first, { ...second, total: 2501 }]],
    ['an empty piece', [{ ...first, data: new Uint8Array(0) }]],
    ['a piece above 1024 bytes', [{ ...first, data: new Uint8Array(1025) }]],
    ['a piece beyond the total', [{ ...first, total: 1023 }]],
    ['a piece after the last', [...pieces, { ...first, from: 2500 }]],
  ])('refuses %s', (_, sent) => {
    const assembly = new NoticeAssembly();
    for (const piece of sent.slice(0, -1)) assembly.add(piece);
    expect(refusalOf(() => assembly.add(sent.at(-1)!))).toEqual(expected);
  });
});
