/**
 * The frames of docs/protocol.md §1, one a WebSocket message. What the handshake puts inside them is in
 * `handshake-bodies.ts`.
 */
import { decodeCbor, encodeCbor, type CborValue } from './cbor.ts';
import { WireError } from './errors.ts';
import { NOTICE_BYTES } from './limits.ts';
import { bytes, isList, list, row, u32, uint, uintIn, writeShape } from './shapes.ts';
import type { Fields, Shape } from './shapes.ts';

export interface HelloFrame {
  readonly type: 'hello';
  /** Encoded hello-core, as sent: it is authenticated as it stands. */
  readonly core: Uint8Array;
  readonly mac0: Uint8Array;
}

export interface AcceptFrame {
  readonly type: 'accept';
  /** Encoded accept-core, as sent. */
  readonly core: Uint8Array;
  readonly sealed: Uint8Array;
}

export interface FinishFrame {
  readonly type: 'finish';
  readonly sealed: Uint8Array;
}

export interface RecordFrame {
  readonly type: 'record';
  /** A sealed message (§5). */
  readonly sealed: Uint8Array;
}

/** One chunk of an image (§6.6). */
export interface ContentFrame {
  readonly type: 'content';
  readonly index: number;
  readonly path: readonly Uint8Array[];
  readonly sealed: Uint8Array;
}

/** A piece of the `signed` assignment that replaces a kid (§2.3). */
export interface NoticeFrame {
  readonly type: 'notice';
  readonly total: number;
  readonly from: number;
  readonly data: Uint8Array;
}

export interface ResyncFrame {
  readonly type: 'resync';
  readonly nd: Uint8Array;
  /** Highest counter of this kid that M answered with Accept. */
  readonly ctr: number;
  readonly mac: Uint8Array;
}

export type Frame =
  HelloFrame | AcceptFrame | FinishFrame | RecordFrame | ContentFrame | NoticeFrame | ResyncFrame;

type Grammar = {
  readonly [T in Frame['type']]: readonly [
    number,
    Fields<Omit<Extract<Frame, { type: T }>, 'type'>>,
  ];
};

const grammar: Grammar = {
  hello: [1, { core: bytes(), mac0: bytes(16) }],
  accept: [2, { core: bytes(), sealed: bytes() }],
  finish: [3, { sealed: bytes() }],
  record: [4, { sealed: bytes() }],
  content: [5, { index: u32, path: list(bytes(32), 0, 64), sealed: bytes() }],
  notice: [6, { total: uintIn(1, NOTICE_BYTES), from: uint, data: bytes() }],
  resync: [7, { nd: bytes(16), ctr: uint, mac: bytes(16) }],
};

/** Number of each frame type on the wire. */
export const frameNumber = Object.fromEntries(
  Object.entries(grammar).map(([type, [number]]) => [type, number]),
) as Record<Frame['type'], number>;

const byNumber = new Map(
  Object.entries(grammar).map(([type, [number, fields]]) => [
    number,
    { type: type as Frame['type'], shape: row(fields as Fields<Record<string, unknown>>) },
  ]),
);

/**
 * @throws {@link RangeError} when a field is not as the CDDL says
 */
export function encodeFrame(frame: Frame): Uint8Array {
  const { type, ...fields } = frame;
  const number = frameNumber[type];
  const shape = byNumber.get(number)?.shape as Shape<object>;
  return encodeCbor([number, ...(writeShape(shape, fields, type) as CborValue[])]);
}

/**
 * Decodes a frame. Its size is checked by the caller, who knows the phase of the connection.
 *
 * @throws {@link WireError} 4400 for everything that is not one of the seven frames
 */
export function decodeFrame(encoded: Uint8Array): Frame {
  const item = decodeCbor(encoded);
  if (!isList(item)) throw new WireError('WIRE_SHAPE', 'frame: expected an array');
  const [number, ...fields] = item;
  const rule = typeof number === 'number' ? byNumber.get(number) : undefined;
  if (rule === undefined) {
    throw new WireError('FRAME_TYPE_UNKNOWN', 'frame: expected a type 1..7');
  }
  return { type: rule.type, ...rule.shape.read(fields, rule.type) } as Frame;
}
