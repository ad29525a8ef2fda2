/**
 * One direction of a session (docs/protocol.md §5): sequence numbers, keys of the present generation, limits and rekey.
 */
import { be32, concatBytes, erase } from '../wire/bytes.ts';
import * as schedule from '../crypto/key-schedule.ts';
import type { KeyedAead, Suite } from '../crypto/suites.ts';

/** m2d: M to D, 0 on the wire; d2m: D to M, 1. */
export type Direction = 'm2d' | 'd2m';

const RECORD = 4;
const AD_BYTES = 6;

/** u8(4) || u8(dir) || be32(i), §5. */
function adOf(direction: number, generation: number): Uint8Array {
  return concatBytes(Uint8Array.of(RECORD, direction), be32(generation));
}

function erased(): never {
  throw new RangeError('expected a channel whose keys are not erased');
}

const NO_KEY: KeyedAead = { seal: erased, open: erased };

export class RecordChannel {
  readonly #suite: Suite;
  readonly #direction: number;
  #traffic: Uint8Array;
  #keys: schedule.KeyAndIv;
  #aead: KeyedAead;
  /** Of every record of this generation. */
  #ad: Uint8Array;
  #generation = 0;
  #sequence = 0;
  #blocks = 0;

  /** @param traffic T[dir]_0, owned by the channel from now on */
  constructor(suite: Suite, direction: Direction, traffic: Uint8Array) {
    this.#suite = suite;
    this.#direction = direction === 'm2d' ? 0 : 1;
    this.#traffic = traffic;
    this.#keys = schedule.trafficKeys(suite, traffic, 0);
    this.#aead = suite.aead(this.#keys.key);
    this.#ad = adOf(this.#direction, 0);
  }

  /** i, the key generation. */
  get generation(): number {
    return this.#generation;
  }

  /** True from half a limit on: the sender's next record is `rekey`. */
  get isHalfUsed(): boolean {
    const { records, blocks } = this.#suite.limits;
    return this.#sequence >= records / 2 || this.#blocks >= blocks / 2;
  }

  /** True when a text of this length would pass a limit: not sent, and refused. */
  isBeyondLimit(textBytes: number): boolean {
    const { records, blocks } = this.#suite.limits;
    return this.#sequence >= records || this.#blocks + this.#blocksOf(textBytes) > blocks;
  }

  /** ciphertext || tag of the next record. */
  seal(text: Uint8Array): Uint8Array {
    const sealed = this.#aead.seal(this.#nonce(), this.#ad, text);
    this.#count(text.length);
    return sealed;
  }

  /** @throws {@link CryptoError} `AEAD_REFUSED` unless it is exactly the next record */
  open(sealed: Uint8Array): Uint8Array {
    const text = this.#aead.open(this.#nonce(), this.#ad, sealed);
    this.#count(text.length);
    return text;
  }

  /** T[dir]_{i+1}; the sequence starts again at 0. */
  rekey(): void {
    const next = schedule.nextTraffic(this.#suite, this.#traffic);
    this.erase();
    this.#traffic = next;
    this.#generation += 1;
    this.#keys = schedule.trafficKeys(this.#suite, next, this.#generation);
    this.#aead = this.#suite.aead(this.#keys.key);
    this.#ad = adOf(this.#direction, this.#generation);
    this.#sequence = 0;
    this.#blocks = 0;
  }

  erase(): void {
    erase(this.#traffic, this.#keys.key, this.#keys.iv);
    this.#aead = NO_KEY;
  }

  #nonce(): Uint8Array {
    return schedule.nonceOf(this.#keys.iv, this.#sequence);
  }

  /** §5: nonce, AD and text are each rounded up to whole blocks. */
  #blocksOf(textBytes: number): number {
    const { nonceBytes, blockBytes } = this.#suite;
    return (
      Math.ceil(nonceBytes / blockBytes) +
      Math.ceil(AD_BYTES / blockBytes) +
      Math.ceil(textBytes / blockBytes)
    );
  }

  #count(textBytes: number): void {
    this.#sequence += 1;
    this.#blocks += this.#blocksOf(textBytes);
  }
}
