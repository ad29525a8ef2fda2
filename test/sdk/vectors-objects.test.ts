/** Releases, trees, content and windows of the vectors against the implementation (docs/protocol.md §9, items 8, 9 and 11). */
import {
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
  beginSession,
  newWindow,
  opensIn,
  passTime,
  receiveIntervals,
  receiveRequest,
  startWindow,
  type DeviceWindow,
} from '@lamplighter/sdk/protocol';
import { decodeManifest, encodeManifest } from '@lamplighter/sdk/wire';
import { outcomeOf } from './refusal.ts';
import { allVectors, bytes, image, plain, type WindowStep } from './vectors-file.ts';

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

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

describe.each(allVectors)('suite $suite', (vectors) => {
  describe('releases', () => {
    it.each(vectors.releases.manifests)(
      'manifest of format $value.format',
      ({ value, payload }) => {
        const manifest = decodeManifest(bytes(payload));
        expect(plain(manifest)).toEqual(value);
        expect(hex(encodeManifest(manifest))).toBe(payload);
      },
    );

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
      const suite = suiteOf(vectors.suite);
      const content = {
        suite,
        cek: bytes(cek),
        sha256: bytes(sha256),
        chunkLog2: vectors.chunkLog2,
      };
      expect([0, 1].map((segment) => plain(segmentKeys(content, segment)))).toEqual(segments);
      const cipher = new ContentCipher(content);
      for (const { index, sealed } of chunks) {
        const chunk = whole.slice(index * chunkBytes, (index + 1) * chunkBytes);
        expect(hex(cipher.seal(index, chunk))).toBe(sealed);
        expect(cipher.open(index, bytes(sealed))).toEqual(chunk);
      }
    });
  });

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
});
