/** The measurements of cryptography: comparisons with a target, and what each algorithm does by itself. */
import { aeads, blockCiphers, ctr, hashes } from '@lamplighter/sdk/crypto';

import type { Line } from '../network/report.ts';
import { measure, nanoseconds, type Comparison, type Target } from './comparison.ts';
import { comparisons } from './comparisons.ts';

export interface CryptoBenchOptions {
  /** Turns of each side. */
  readonly turns: number;
  /** Only what has this in its name. */
  readonly only: string;
}

/** For information: an algorithm by itself. */
export interface Rate {
  readonly name: string;
  readonly bytes: number;
  readonly microseconds: number;
}

const RATE_BYTES = 256;

const filled = (length: number): Uint8Array => new Uint8Array(length).fill(3);

/** A line for each size of a comparison. */
export function* compare({ turns, only }: CryptoBenchOptions): Generator<Line> {
  for (const comparison of comparisons.filter(({ name }) => name.includes(only))) {
    for (const size of comparison.sizes) yield lineOf(comparison, size, turns);
  }
}

function lineOf(comparison: Comparison, size: number, turns: number): Line {
  const { name, ours, theirs, target } = comparison;
  const { speed } = measure(ours(size), theirs(size), turns);
  return { name: size === 0 ? name : `${name}_at_${size}`, ...judged(speed, target) };
}

function judged(speed: number, target: Target): Pick<Line, 'value' | 'target' | 'isMet'> {
  const time = 1 / speed;
  if (target === 'information') return { value: time.toFixed(2), target, isMet: true };
  return 'mostTime' in target
    ? { value: time.toFixed(2), target: `<=${target.mostTime}`, isMet: time <= target.mostTime }
    : {
        value: speed.toFixed(2),
        target: `>=${target.leastSpeed}`,
        isMet: speed >= target.leastSpeed,
      };
}

/** Every algorithm of the catalogue on one short message. */
export function* rates({ turns, only }: CryptoBenchOptions): Generator<Rate> {
  for (const [name, step] of Object.entries(steps())) {
    if (!name.includes(only)) continue;
    yield { name, bytes: RATE_BYTES, microseconds: nanoseconds(step, turns) / 1_000 };
  }
}

function steps(): Readonly<Record<string, () => unknown>> {
  const text = filled(RATE_BYTES);
  const counting = Object.entries(blockCiphers).map(([name, algorithm]) => {
    const cipher = algorithm(filled(algorithm.keyBytes));
    const counter = filled(algorithm.blockBytes);
    return [`${name}-ctr`, () => ctr(cipher, counter, text)] as const;
  });
  const sealing = Object.entries(aeads).map(([name, algorithm]) => {
    const [key, nonce] = [filled(algorithm.keyBytes), filled(algorithm.nonceBytes)];
    return [name, () => algorithm(key, nonce).encrypt(text)] as const;
  });
  const hashing = Object.entries(hashes).map(([name, hash]) => [name, () => hash(text)] as const);
  return Object.fromEntries([...counting, ...sealing, ...hashing]);
}
