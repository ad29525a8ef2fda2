/** Randomness as the management node sees it; tests inject a reproducible source. */
import { randomBytes } from 'node:crypto';

/** A source of unpredictable bytes. */
export interface RandomSource {
  /** `length` bytes. */
  bytes(length: number): Uint8Array;
}

/** The platform's generator. */
export const systemRandom: RandomSource = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
};

/** A number in [0, 1) from 48 random bits. */
export function unitInterval(random: RandomSource): number {
  return random.bytes(6).reduce((value, byte) => (value + byte) / 256, 0);
}

/** A whole number in [low, high], both inclusive. */
export function wholeNumber(random: RandomSource, low: number, high: number): number {
  return low + Math.floor(unitInterval(random) * (high - low + 1));
}
