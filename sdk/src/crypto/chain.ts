/**
 * The hash chain by which M proves itself to a lightweight device (docs/protocol.md §3.3, mauth 2):
 * x_{k-1} = F(x_k) = H("lamplighter.v1 chain" || E0 || be32(k) || x_k), from x_N down to the anchor x_0.
 */
import { asciiBytes, be32, concatBytes, equalBytes } from '../wire/bytes.ts';
import { sha256Of, type Suite } from './suites.ts';

const LABEL = asciiBytes('lamplighter.v1 chain');

/** E0 = SHA-256(id-m || 0x00 || id-d || be32(epoch)): no two devices share a chain. */
export function chainContext(idM: string, idD: string, epoch: number): Uint8Array {
  return sha256Of(asciiBytes(idM), Uint8Array.of(0), asciiBytes(idD), be32(epoch));
}

/** A value of a chain and its index, x_k and k. */
export interface ChainPoint {
  readonly index: number;
  readonly value: Uint8Array;
}

/**
 * Walks from x_k down to x_target.
 *
 * @throws {@link RangeError} for a target above the point
 */
export function chainDown(
  suite: Suite,
  context: Uint8Array,
  from: ChainPoint,
  target: number,
): Uint8Array {
  if (target > from.index || target < 0) {
    throw new RangeError(`expected an index 0..${from.index}, got ${target}`);
  }
  let value = from.value;
  for (let index = from.index; index > target; index -= 1) {
    value = suite.hash(LABEL, context, be32(index), value);
  }
  return value;
}

/** x_j of the chain of length N that begins with the seed x_N. Costs N - j hashes. */
export function chainValue(
  suite: Suite,
  context: Uint8Array,
  chain: { readonly seed: Uint8Array; readonly length: number },
  index: number,
): Uint8Array {
  return chainDown(suite, context, { index: chain.length, value: chain.seed }, index);
}

/** True when j - k steps from (j, x_j) give the stored (k, x_k). */
export function chainLeadsTo(
  suite: Suite,
  context: Uint8Array,
  shown: ChainPoint,
  stored: ChainPoint,
): boolean {
  return (
    shown.index > stored.index &&
    equalBytes(chainDown(suite, context, shown, stored.index), stored.value)
  );
}

const INDEX_BYTES = 4;
const VALUE_BYTES = 32;

/** Proof in Accept: be32(j) || x_j. */
export function encodeChainProof(shown: ChainPoint): Uint8Array {
  return concatBytes(be32(shown.index), shown.value);
}

/** Undefined for bytes of another length. */
export function decodeChainProof(proof: Uint8Array): ChainPoint | undefined {
  if (proof.length !== INDEX_BYTES + VALUE_BYTES) return undefined;
  const index = proof.slice(0, INDEX_BYTES).reduce((sum, byte) => sum * 256 + byte, 0);
  return { index, value: proof.slice(INDEX_BYTES) };
}
