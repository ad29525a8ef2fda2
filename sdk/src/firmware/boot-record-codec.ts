/** A boot record as bytes. */
import { bool, bytes, codec, list, orNull, row, text, uint } from '../wire/shapes.ts';
import type { Shape } from '../wire/shapes.ts';
import { WireError } from '../wire/errors.ts';
import type { StoredTransfer } from '../protocol/delivery-device.ts';
import { REFUSED_KEPT } from './boot-record.ts';
import type { AttemptResult, BootRecord, SlotImage, SlotName, Trial } from './boot-record.ts';

const slot: Shape<SlotName> = {
  read(item, at) {
    if (item === 'A' || item === 'B') return item;
    throw new WireError('WIRE_SHAPE', `${at}: expected slot A or B`);
  },
  write: (name) => name,
};

const image = row<SlotImage>({
  gen: uint,
  seq: uint,
  version: text,
  size: uint,
  sha256: bytes(32),
});

/** A {@link BootRecord} to bytes and back. */
export const bootRecordCodec = codec(
  row<BootRecord>({
    active: slot,
    images: row({ A: orNull(image), B: orNull(image) }),
    trial: orNull(row<Trial>({ slot, attempt: uint, triesLeft: uint, running: bool })),
    counter: row({ gen: uint, seq: uint }),
    attempts: uint,
    transfer: orNull(
      row<StoredTransfer>({ signed: bytes(), attempt: uint, next: uint, idleSessions: uint }),
    ),
    result: orNull(row<AttemptResult>({ attempt: uint, seq: uint, sha256: bytes(32), code: uint })),
    refused: list(row({ sha256: bytes(32), code: uint }), 0, REFUSED_KEPT),
  }),
  'boot record',
);
