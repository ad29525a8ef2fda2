/** A device's keys, counters and window as bytes. An assignment is kept as the vendor signed it, and read again. */
import { decodeAssignment } from '../wire/assignment.ts';
import { bytes, codec, orNull, row, uint } from '../wire/shapes.ts';
import type { Codec } from '../wire/shapes.ts';
import type { Intervals } from '../wire/message-types.ts';
import type { DeviceEpoch } from '../protocol/epochs.ts';
import type { StoredWindow } from '../protocol/window.ts';
import type { DeviceRecord } from './key-store.ts';

type StoredEpoch = Omit<DeviceEpoch, 'assignment'>;
type StoredRecord = Omit<DeviceRecord, 'epoch' | 'former'> & {
  readonly epoch: StoredEpoch;
  readonly former: StoredEpoch | null;
};

const epoch = row<StoredEpoch>({
  payload: bytes(),
  en: bytes(32),
  kHello: bytes(32),
  generation: row({ index: uint, key: bytes(32) }),
  ctr: uint,
  chain: orNull(row({ index: uint, value: bytes(32) })),
});

const intervals = row<Intervals>({ fti: uint, rti: uint, uti: uint });

const window = row<StoredWindow>({
  intervals,
  previous: orNull(intervals),
  ivn: uint,
  starts: uint,
  early: uint,
  late: uint,
  badsig: uint,
  dup: uint,
});

const record = codec(
  row<StoredRecord>({
    epoch,
    former: orNull(epoch),
    kv: bytes(32),
    kvN: uint,
    window,
    badauth: uint,
    resync: uint,
    skipped: uint,
    silentUntil: uint,
  }),
  'device record',
);

/** A {@link DeviceRecord} to bytes and back. Holds secrets. */
export const deviceRecordCodec: Codec<DeviceRecord> = {
  encode: (value) => record.encode(value),
  decode: (encoded) => {
    const stored = record.decode(encoded);
    const former = stored.former && whole(stored.former);
    return { ...stored, epoch: whole(stored.epoch), former };
  },
};

function whole(stored: StoredEpoch): DeviceEpoch {
  return { ...stored, assignment: decodeAssignment(stored.payload) };
}
