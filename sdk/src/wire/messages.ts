/**
 * The messages inside a session, as a table that reads like the CDDL of docs/protocol.md §1, and their codec. Sizes and
 * ranges hold in both directions.
 */
import { decodeCbor, encodeCbor, type CborValue } from './cbor.ts';
import { WireError, withCloseCode } from './errors.ts';
import * as limit from './limits.ts';
import type { BlobRef, DeviceState, Message, Stats } from './message-types.ts';
import { bool, bytes, id, isList, oneOf, orFalse, row, text } from './shapes.ts';
import { uint, uintIn, writeShape, type Fields, type Shape } from './shapes.ts';

const digest = bytes(32);
const fti = uintIn(limit.FTI_LEAST, limit.FTI_MOST);
const rti = uintIn(limit.RTI_LEAST, limit.RTI_MOST);
const uti = uintIn(limit.UTI_LEAST, limit.UTI_MOST);

const stats = row<Stats>({
  early: uint,
  late: uint,
  badauth: uint,
  badsig: uint,
  dup: uint,
  resync: uint,
  skipped: uint,
});

/** `state` of the CDDL, also told in Finish. */
export const stateShape = row<DeviceState>({
  seq: uint,
  sha256: digest,
  ivn: uint,
  opensIn: uint,
  flags: uintIn(0, 31),
  pending: uint,
  stats,
});

const blobref = row<BlobRef>({ kind: uintIn(1, 8), sha256: digest, size: uint });

type Grammar = {
  readonly [T in Message['type']]: readonly [
    number,
    Fields<Omit<Extract<Message, { type: T }>, 'type'>>,
  ];
};

const grammar: Grammar = {
  'close-notify': [0, { code: uint }],
  rekey: [1, { gen: uint }],
  ticket: [2, { rid: bytes(16), ttl: uint }],
  ready: [3, { flags: uint }],
  'mon-req-e': [8, { n: uint, idM: id, r: bytes(32), mode: oneOf(0, 1), sig: bytes(64) }],
  'mon-req-l': [9, { n: uint, r: bytes(32), mode: oneOf(0, 1), hfti: bytes(32) }],
  'mon-ans': [
    10,
    {
      n: uint,
      idD: id,
      seq: uint,
      ver: text,
      size: uint,
      hfw: digest,
      hdev: bytes(),
      proof: bytes(32),
      r: bytes(32),
      hack: bytes(32, 0),
      state: stateShape,
    },
  ],
  'mon-set': [11, { ivn: uint, fti, rti, uti }],
  'mon-ack': [12, { ivn: uint }],
  'upd-query': [
    16,
    { idD: id, seq: uint, ver: text, size: uint, hfw: digest, challenge: bytes(32, 0) },
  ],
  'upd-none': [17, { why: oneOf(0, 1, 2, 3), proofs: orFalse(blobref) }],
  'upd-offer': [18, { curSeq: uint, curHfw: digest, manifest: blobref, proofs: orFalse(blobref) }],
  'proof-want': [19, { challenge: bytes(32) }],
  want: [20, { sha256: digest, from: uint, credit: uintIn(1, limit.CREDIT_MOST), paths: bool }],
  head: [21, { sha256: digest, cek: bytes(32), from: uint }],
  blob: [22, { sha256: digest, from: uint, data: bytes() }],
  done: [23, { sha256: digest, code: uint }],
  result: [24, { attempt: uint, seq: uint, sha256: digest, code: uint }],
  'result-ack': [25, { attempt: uint }],
  push: [32, { ref: blobref }],
  'push-ack': [33, { sha256: digest, code: uint }],
  suspend: [34, { seconds: uint }],
  error: [63, { re: uint, code: uint }],
};

/** Number of each message type on the wire. */
export const messageNumber = Object.fromEntries(
  Object.entries(grammar).map(([type, [number]]) => [type, number]),
) as Record<Message['type'], number>;

/** A message of a type 64..127 that this version does not know: ignored and counted (§1). */
export interface Extension {
  readonly type: 'extension';
  readonly number: number;
}

const byNumber = new Map(
  Object.entries(grammar).map(([type, [number, fields]]) => [
    number,
    { type: type as Message['type'], shape: row(fields as Fields<Record<string, unknown>>) },
  ]),
);

/**
 * @throws {@link RangeError} when a field is not as the CDDL says
 */
export function encodeMessage(message: Message): Uint8Array {
  const { type, ...fields } = message;
  const number = messageNumber[type];
  const shape = byNumber.get(number)?.shape as Shape<object>;
  return encodeCbor([number, ...(writeShape(shape, fields, type) as CborValue[])]);
}

/**
 * @throws {@link WireError} 4402 for a message of a known type with a bad shape and for bytes that do not decode,
 * 4400 for an unknown type outside 64..127
 */
export function decodeMessage(encoded: Uint8Array): Message | Extension {
  const [number, fields] = withCloseCode(4402, () => split(decodeCbor(encoded)));
  if (number >= 64 && number <= 127) return { type: 'extension', number };
  const rule = byNumber.get(number);
  if (rule === undefined) {
    throw new WireError('MESSAGE_TYPE_UNKNOWN', `message: type ${number} is not known`);
  }
  return withCloseCode(
    4402,
    () => ({ type: rule.type, ...rule.shape.read(fields, rule.type) }) as Message,
  );
}

function split(item: CborValue): [number, readonly CborValue[]] {
  if (!isList(item) || typeof item[0] !== 'number') {
    throw new WireError('WIRE_SHAPE', 'message: expected an array that begins with its type');
  }
  return [item[0], item.slice(1)];
}
