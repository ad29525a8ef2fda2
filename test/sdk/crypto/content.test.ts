import { ContentCipher, segmentKeys, suiteOf, type ContentKey } from '@lamplighter/sdk/crypto';
import { refusalOf } from '../refusal.ts';

const filled = (byte: number, length = 32): Uint8Array => new Uint8Array(length).fill(byte);
const content: ContentKey = {
  suite: suiteOf(0x0103),
  cek: filled(1),
  sha256: filled(2),
  chunkLog2: 14,
};
const chunk = filled(9, 16_384);

describe('ContentCipher', () => {
  it('opens what another one sealed, in any order of chunks', () => {
    const m = new ContentCipher(content);
    const d = new ContentCipher(content);
    const sealed = [0, 63, 64, 65, 1].map((index) => ({ index, bytes: m.seal(index, chunk) }));
    const opened = [4, 2, 0, 1, 3].map((at) => d.open(sealed[at]!.index, sealed[at]!.bytes));
    expect(opened).toEqual(opened.map(() => chunk));
  });

  it('changes the key with each MiB', () => {
    const [first, second] = [segmentKeys(content, 0), segmentKeys(content, 1)];
    expect(first.key).not.toEqual(second.key);
    expect(first.iv).not.toEqual(second.iv);
  });

  it.each([
    ['another index', { ...content }, 4],
    ['another index of another segment', { ...content }, 64],
    ['another content key', { ...content, cek: filled(3) }, 5],
    ['another image', { ...content, sha256: filled(3) }, 5],
  ])('refuses a chunk under %s', (_, other, index) => {
    const sealed = new ContentCipher(content).seal(5, chunk);
    const d = new ContentCipher(other);
    expect(refusalOf(() => d.open(index, sealed))).toEqual({ code: 'AEAD_REFUSED' });
  });
});
