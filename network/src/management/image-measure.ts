/**
 * M's measure of its own copy of an image (monitoring, step 6): where Hf is SHA-256, H(r || fw) in one pass of the platform's,
 * the one full hash a device and round.
 */
import { createHash } from 'node:crypto';
import { measureImage, type ImageMeasure, type MeasuringSuite } from '@lamplighter/sdk/protocol';

const LABEL = Buffer.from('lamplighter.v1 proof', 'ascii');

/**
 * @param r the request's 32 random bytes
 * @param sha256 the image's digest, which the image cache has verified; lower-case hex
 */
export function measureOwnCopy(
  suite: MeasuringSuite,
  r: Uint8Array,
  image: Uint8Array,
  sha256: string,
): ImageMeasure {
  if (suite.imageHash !== undefined) return measureImage(suite, r, image);
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(image.length));
  const proof = createHash('sha256').update(LABEL).update(r).update(size).update(image).digest();
  return {
    hfw: new Uint8Array(Buffer.from(sha256, 'hex')),
    hdev: new Uint8Array(0),
    proof: new Uint8Array(proof),
  };
}
