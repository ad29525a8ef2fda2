/**
 * A device's keys, counters and window as bytes. An assignment is kept as the vendor signed it, and read again. Version 1 had
 * neither roots nor ledger: the device takes them from its document again.
 */
import { decodeAssignment } from '../wire/assignment.ts';
import { decodeCbor, encodeCbor } from '../wire/cbor.ts';
import { bytes, codec, isList, orNull, row, uint } from '../wire/shapes.ts';
import type { Codec } from '../wire/shapes.ts';
import type { Intervals } from '../wire/message-types.ts';
import type { DeviceEpoch } from '../protocol/epochs.ts';
import type { StoredWindow } from '../protocol/window.ts';
import type { DeviceRecord, LedgerRecord } from './key-store.ts';

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

const ledger = row<LedgerRecord>({ validators: bytes(), time: uint, unproven: uint });

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
    roots: orNull(bytes()),
    ledger: orNull(ledger),
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

/** Version of the record's layout. */
export const DEVICE_RECORD_VERSION = 2;

/**
 * A record of an earlier version in the present layout.
 *
 * @returns null for a version that is not known
 * @throws {@link WireError} for bytes that are no record
 */
export function upgradeDeviceRecord(version: number, encoded: Uint8Array): Uint8Array | null {
  if (version !== 1) return null;
  const fields = decodeCbor(encoded);
  return isList(fields) ? encodeCbor([...fields, false, false]) : encoded;
}

function whole(stored: StoredEpoch): DeviceEpoch {
  return { ...stored, assignment: decodeAssignment(stored.payload) };
}
