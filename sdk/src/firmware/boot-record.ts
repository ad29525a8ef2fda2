/**
 * What a device's boot loader knows (docs/protocol.md §6.6 steps 5 to 7): two slots, which one runs, what is on trial, the
 * release counter, and the result that is still to be told. Every change is a new value, to be stored as a whole: a power
 * cut between two of them returns to the last one.
 */
import type { ReleaseCounter } from '../protocol/manifest-rules.ts';
import type { StoredTransfer } from '../protocol/delivery-device.ts';
import { ResultCode } from '../wire/message-types.ts';

/** The two firmware slots. */
export type SlotName = 'A' | 'B';

/** An image that is whole in its slot. */
export interface SlotImage extends ReleaseCounter {
  readonly version: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, 32 bytes. */
  readonly sha256: Uint8Array;
}

/** How an attempt ended; told in every session until M acknowledges it (§6.6 step 7). */
export interface AttemptResult {
  readonly attempt: number;
  readonly seq: number;
  readonly sha256: Uint8Array;
  /** §8. */
  readonly code: number;
}

/** A new image between its first start and its confirmation. */
export interface Trial {
  readonly slot: SlotName;
  readonly attempt: number;
  readonly triesLeft: number;
  /** False until the boot loader has started it. */
  readonly running: boolean;
}

export interface BootRecord {
  readonly active: SlotName;
  readonly images: { readonly [S in SlotName]: SlotImage | null };
  readonly trial: Trial | null;
  /** Moves only when an image is confirmed. */
  readonly counter: ReleaseCounter;
  /** Attempts so far. */
  readonly attempts: number;
  readonly transfer: StoredTransfer | null;
  readonly result: AttemptResult | null;
  /** Images that fell back, newest last, at most {@link REFUSED_KEPT}. */
  readonly refused: readonly { readonly sha256: Uint8Array; readonly code: number }[];
}

/** §6.6, step 6: starts of a new image before the old one is taken again. */
export const TRIAL_BOOTS = 3;
/** Images that fell back and are remembered. */
export const REFUSED_KEPT = 16;

/** The record of a device as it leaves the factory: one image, in slot A. */
export function factoryRecord(image: SlotImage): BootRecord {
  return {
    active: 'A',
    images: { A: image, B: null },
    trial: null,
    counter: { gen: image.gen, seq: image.seq },
    attempts: 0,
    transfer: null,
    result: null,
    refused: [],
  };
}

/** The slot that runs. */
export function slotInUse(record: BootRecord): SlotName {
  return record.trial?.running ? record.trial.slot : record.active;
}

/**
 * The image that runs.
 *
 * @throws {@link RangeError} for a record that names an empty slot
 */
export function imageInUse(record: BootRecord): SlotImage {
  const slot = slotInUse(record);
  const image = record.images[slot];
  if (image === null) throw new RangeError(`expected an image in slot ${slot}, found none`);
  return image;
}

/** The slot that a new image is written to. */
export function spareSlot(record: BootRecord): SlotName {
  return record.active === 'A' ? 'B' : 'A';
}

/** §6.6, step 1: an attempt has begun; the spare slot holds nothing that could be started. */
export function beginAttempt(record: BootRecord, attempt: number): BootRecord {
  const images = { ...record.images, [spareSlot(record)]: null };
  return { ...record, images, attempts: Math.max(record.attempts, attempt), transfer: null };
}

/** §6.6, step 6: the boot flag says *try*. */
export function beginTrial(record: BootRecord, image: SlotImage, attempt: number): BootRecord {
  const slot = spareSlot(record);
  return {
    ...record,
    images: { ...record.images, [slot]: image },
    trial: { slot, attempt, triesLeft: TRIAL_BOOTS, running: false },
    transfer: null,
  };
}

/** Start of the device: the image on trial as long as it has tries left, then the old one. */
export function boot(record: BootRecord): BootRecord {
  const { trial } = record;
  if (trial === null) return record;
  if (trial.triesLeft === 0) return fallBack(record);
  return { ...record, trial: { ...trial, triesLeft: trial.triesLeft - 1, running: true } };
}

/** §6.6, step 6: *confirmed*; only now the counter moves. */
export function confirm(record: BootRecord): BootRecord {
  const { trial } = record;
  const image = trial && record.images[trial.slot];
  if (trial === null || image === null) return record;
  const { gen, seq, sha256 } = image;
  return {
    ...record,
    active: trial.slot,
    trial: null,
    counter: { gen, seq },
    result: { attempt: trial.attempt, seq, sha256, code: ResultCode.good },
  };
}

/** §6.6, step 6: the old slot again, the image refused never after. */
export function fallBack(record: BootRecord): BootRecord {
  const { trial } = record;
  const image = trial && record.images[trial.slot];
  if (trial === null || image === null) return { ...record, trial: null };
  const { seq, sha256 } = image;
  const code = ResultCode.healthCheckFellBack;
  return {
    ...record,
    images: { ...record.images, [trial.slot]: null },
    trial: null,
    result: { attempt: trial.attempt, seq, sha256, code },
    refused: [...record.refused, { sha256, code }].slice(-REFUSED_KEPT),
  };
}

/** An attempt ended before its trial; a result tells it when an image had been begun. */
export function endAttempt(record: BootRecord, result: AttemptResult | null): BootRecord {
  return { ...record, transfer: null, result: result ?? record.result };
}

/** §6.6, step 7: M has the result. */
export function acknowledge(record: BootRecord, attempt: number): BootRecord {
  return record.result?.attempt === attempt ? { ...record, result: null } : record;
}
