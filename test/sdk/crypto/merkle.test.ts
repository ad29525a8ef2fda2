import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { chunkTree, leafHash, MerkleTree, verifyPath } from '@lamplighter/sdk/crypto';

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
}

/** Largest power of two below n. */
function split(n: number): number {
  return 2 ** Math.ceil(Math.log2(n) - 1);
}

/** MTH of RFC 9162 §2.1.1, as the RFC defines it. */
function rootByDefinition(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  if (first === undefined) return sha256();
  if (chunks.length === 1) return sha256(Uint8Array.of(0), first);
  const k = split(chunks.length);
  const left = rootByDefinition(chunks.slice(0, k));
  return sha256(Uint8Array.of(1), left, rootByDefinition(chunks.slice(k)));
}

/** PATH of RFC 9162 §2.1.3.1. */
function pathByDefinition(index: number, chunks: readonly Uint8Array[]): Uint8Array[] {
  if (chunks.length <= 1) return [];
  const k = split(chunks.length);
  return index < k
    ? [...pathByDefinition(index, chunks.slice(0, k)), rootByDefinition(chunks.slice(k))]
    : [...pathByDefinition(index - k, chunks.slice(k)), rootByDefinition(chunks.slice(0, k))];
}

const chunksOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, at) => Uint8Array.of(at, 7));
const treeOf = (chunks: readonly Uint8Array[]): MerkleTree => new MerkleTree(chunks.map(leafHash));

describe('MerkleTree', () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33])(
    'of %d is that of RFC 9162',
    (count) => {
      const chunks = chunksOf(count);
      const tree = treeOf(chunks);
      expect(tree.root).toEqual(rootByDefinition(chunks));
      expect(chunks.map((_, index) => tree.path(index))).toEqual(
        chunks.map((_, index) => pathByDefinition(index, chunks)),
      );
    },
  );

  it.each([-1, 0.5, 3])('has no leaf %d of 3', (index) => {
    expect(() => treeOf(chunksOf(3)).path(index)).toThrow(RangeError);
  });

  it('cuts an image into chunks, the last one shorter', () => {
    const image = Uint8Array.from({ length: 600 }, (_, at) => at % 251);
    const chunks = [image.slice(0, 256), image.slice(256, 512), image.slice(512)];
    expect(chunkTree(image, 8).root).toEqual(rootByDefinition(chunks));
    expect(chunkTree(new Uint8Array(0), 8).leaves).toHaveLength(0);
  });
});

describe('verifyPath', () => {
  const count = fc.integer({ min: 1, max: 40 });

  it('accepts each leaf in its place', () => {
    fc.assert(
      fc.property(count, fc.nat(), (leaves, at) => {
        const tree = treeOf(chunksOf(leaves));
        const index = at % leaves;
        const leaf = tree.leaves[index]!;
        expect(verifyPath({ index, count: leaves, leaf, path: tree.path(index) }, tree.root)).toBe(
          true,
        );
      }),
      { numRuns: 200 },
    );
  });

  it('refuses any other place, leaf, root, or longer, shorter or changed path', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), (leaves, at) => {
        const tree = treeOf(chunksOf(leaves));
        const index = at % leaves;
        const right = { index, count: leaves, leaf: tree.leaves[index]!, path: tree.path(index) };
        const wrong = [
          { ...right, index: (index + 1) % leaves },
          { ...right, index: -1 },
          { ...right, index: leaves },
          { ...right, index: 0.5 },
          { ...right, leaf: tree.root },
          { ...right, path: right.path.slice(1) },
          { ...right, path: [...right.path, tree.root] },
          {
            ...right,
            path: right.path.map((_, place) => (place === 0 ? tree.root : right.path[place]!)),
          },
        ];
        expect(wrong.map((place) => verifyPath(place, tree.root))).toEqual(wrong.map(() => false));
        expect(verifyPath(right, right.leaf)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('accepts nothing in an empty tree', () => {
    const root = treeOf([]).root;
    expect(verifyPath({ index: 0, count: 0, leaf: root, path: [] }, root)).toBe(false);
  });
});
