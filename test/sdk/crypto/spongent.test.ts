/** SPONGENT against its designers' vectors, which are one a variant, and against itself as the paper prints it. */
import { hashes } from '@lamplighter/sdk/crypto';
import fc from 'fast-check';
import { plainSpongent } from './plain-ciphers.ts';
import { bytesOf, hexOf, vectorFile, vectorFolders } from './vector-files.ts';

const sizes = [88, 128, 160, 224, 256] as const;

describe.each(vectorFolders)('%s vector files', (kind, folder) => {
  it.each(sizes)('spongent-%d', (bits) => {
    const { vectors } = vectorFile(folder, `spongent-${bits}`)!;
    for (const { message, digest } of vectors) {
      expect(hexOf(hashes[`spongent-${bits}`](bytesOf(message)))).toBe(digest);
    }
    expect(vectors.length).toBeGreaterThan(0);
    process.stdout.write(`${kind} vectors, spongent-${bits}: ${vectors.length}\n`);
  });
});

it.each(sizes)('SPONGENT-%d is the hash that its paper prints', (bits) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5 }), (message) => {
      const digest = hexOf(hashes[`spongent-${bits}`](message));
      expect(digest).toBe(hexOf(plainSpongent(bits, message)));
    }),
    { numRuns: 4 },
  );
});

it.each(sizes)('SPONGENT-%d says its sizes', (bits) => {
  expect({ ...hashes[`spongent-${bits}`] }).toMatchObject({
    digestBytes: bits / 8,
    blockBytes: bits < 160 ? 1 : 2,
  });
});
