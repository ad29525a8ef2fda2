/**
 * The byte strings that both ends of a monitoring round hash or sign (docs/protocol.md §6.2 step 2, §6.4 steps 2 and 4),
 * so that D and M can not differ in one.
 */
import { asciiBytes, be32, be64, concatBytes } from '../wire/bytes.ts';
import type { Suite } from '../crypto/suites.ts';
import type { Intervals } from '../wire/message-types.ts';

type Pair = Pick<Intervals, 'fti' | 'rti'>;

/** §6.2, step 2: what M signs for class E. */
export function monitorSigned(
  h4: Uint8Array,
  request: { readonly n: number; readonly r: Uint8Array; readonly mode: 0 | 1 },
  idD: string,
): Uint8Array {
  return concatBytes(
    asciiBytes('lamplighter.v1 monitor\0'),
    h4,
    be64(request.n),
    request.r,
    Uint8Array.of(request.mode),
    asciiBytes(idD),
  );
}

/** §6.4, step 2: hfti, the hash of the intervals that M believes in. */
export function intervalsHash(suite: Suite, r: Uint8Array, pair: Pair): Uint8Array {
  return suite.hash(concatBytes(asciiBytes('lamplighter.v1 fti'), r, pairBytes(pair)));
}

/** §6.4, step 4: hack, over r + 1 mod 2^256 and the pair that matched. */
export function intervalsAnswer(suite: Suite, r: Uint8Array, pair: Pair): Uint8Array {
  return suite.hash(
    concatBytes(asciiBytes('lamplighter.v1 fti ack'), increment(r), pairBytes(pair)),
  );
}

/** The number r + 1 modulo 256^|r|, big-endian as r is. */
export function increment(r: Uint8Array): Uint8Array {
  const next = Uint8Array.from(r);
  for (let index = next.length - 1; index >= 0; index -= 1) {
    const value = ((next[index] ?? 0) + 1) & 0xff;
    next[index] = value;
    if (value !== 0) break;
  }
  return next;
}

function pairBytes(pair: Pair): Uint8Array {
  return concatBytes(be32(pair.fti), be32(pair.rti));
}
