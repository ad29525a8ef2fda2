/** The platform's random generator, injectable for vectors and tests. */

/** Fresh random bytes. */
export type RandomBytes = (length: number) => Uint8Array;

/** Web Crypto, in Node and browsers alike. */
export const platformRandom: RandomBytes = (length) =>
  globalThis.crypto.getRandomValues(new Uint8Array(length));

/** A number from [0, 1), for spreading moments in time. */
export function uniform(random: RandomBytes): number {
  const view = new DataView(Uint8Array.from(random(4)).buffer);
  return view.getUint32(0) / 2 ** 32;
}
