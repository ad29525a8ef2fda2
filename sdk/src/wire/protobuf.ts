/**
 * A strict reader of protocol buffers, for signed bytes that others must not be able to read in two ways (docs/protocol.md
 * §7.3). A message is described field by field; each may come once, `repeated` ones often; varints and lengths have their
 * shortest form; text is UTF-8. Absent fields have proto3's default.
 */
import { WireError } from './errors.ts';

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;
/** A varint of 64 bits has at most ten bytes, the last of which is 0 or 1. */
const VARINT_BYTES = 10;
const MAXIMUM_FIELD = 536_870_911n;
const MAXIMUM_UINT64 = 2n ** 64n;
/** Fields in one message, nested ones not counted. */
const MAXIMUM_FIELDS = 65_536;

/** How a field is read. Nested descriptions bound the depth by themselves. */
export type ProtobufType = 'uint' | 'bool' | 'bytes' | 'text' | ProtobufMessage;

export interface ProtobufField {
  readonly name: string;
  readonly type: ProtobufType;
  readonly repeated?: true;
}

/** Fields by number. Others are refused, or passed over where `others` says so. */
export interface ProtobufMessage {
  readonly fields: Readonly<Record<number, ProtobufField>>;
  readonly others?: 'refused' | 'passed-over';
}

type ItemOf<T> = T extends 'uint'
  ? bigint
  : T extends 'bool'
    ? boolean
    : T extends 'text'
      ? string
      : T extends 'bytes'
        ? Uint8Array
        : T extends ProtobufMessage
          ? Decoded<T>
          : never;
type ValueOf<F extends ProtobufField> = F extends { readonly repeated: true }
  ? readonly ItemOf<F['type']>[]
  : F['type'] extends ProtobufMessage
    ? ItemOf<F['type']> | null
    : ItemOf<F['type']>;

/** What {@link decodeProtobuf} makes of a message described `as const`: bigint for uint, null for an absent message. */
export type Decoded<M extends ProtobufMessage> = {
  readonly [F in Extract<M['fields'][keyof M['fields']], ProtobufField> as F['name']]: ValueOf<F>;
};

type Value = bigint | boolean | string | Uint8Array | object | null;

function malformed(text: string): WireError {
  return new WireError('PROTOBUF_MALFORMED', text);
}

class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let index = 0; index < VARINT_BYTES; index++) {
      const byte = this.take(1)[0] ?? 0;
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) {
        if (byte === 0 && index > 0) throw malformed('expected a varint in its shortest form');
        if (value >= MAXIMUM_UINT64) throw malformed('expected a varint of up to 64 bits');
        return value;
      }
    }
    throw malformed(`expected a varint of up to ${VARINT_BYTES} bytes`);
  }

  take(length: number): Uint8Array {
    const left = this.#bytes.length - this.#offset;
    if (length > left) throw malformed(`expected ${length} more bytes, got ${left}`);
    this.#offset += length;
    return this.#bytes.subarray(this.#offset - length, this.#offset);
  }

  lengthDelimited(): Uint8Array {
    const length = this.varint();
    if (length > BigInt(this.#bytes.length)) {
      throw malformed(`expected ${length} more bytes, got fewer`);
    }
    return this.take(Number(length));
  }

  passOver(wireType: number): void {
    switch (wireType) {
      case WIRE_VARINT:
        this.varint();
        return;
      case WIRE_FIXED64:
        this.take(8);
        return;
      case WIRE_BYTES:
        this.lengthDelimited();
        return;
      case WIRE_FIXED32:
        this.take(4);
        return;
      default:
        throw malformed(`expected wire type 0, 1, 2 or 5, got ${wireType}`);
    }
  }
}

function readText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new WireError('PROTOBUF_MALFORMED', 'expected text in UTF-8', undefined, { cause });
  }
}

function readVarint(reader: Reader, type: 'uint' | 'bool'): Value {
  const value = reader.varint();
  if (type === 'uint') return value;
  if (value > 1n) throw malformed(`expected a boolean, got ${value}`);
  return value === 1n;
}

function readValue(reader: Reader, { name, type }: ProtobufField, wireType: number): Value {
  const isVarint = type === 'uint' || type === 'bool';
  if (wireType !== (isVarint ? WIRE_VARINT : WIRE_BYTES)) {
    throw malformed(`expected another wire type than ${wireType} for ${name}`);
  }
  if (isVarint) return readVarint(reader, type);
  const content = reader.lengthDelimited();
  if (type === 'bytes') return content;
  return type === 'text' ? readText(content) : decodeProtobuf(content, type);
}

function defaultOf({ type, repeated }: ProtobufField): Value {
  if (repeated) return [];
  switch (type) {
    case 'uint':
      return 0n;
    case 'bool':
      return false;
    case 'bytes':
      return new Uint8Array();
    case 'text':
      return '';
    default:
      return null;
  }
}

/**
 * Reads a message to its end.
 *
 * @returns a value for every field that `message` describes, by name
 * @throws {@link WireError} PROTOBUF_MALFORMED; PROTOBUF_FIELD for a field that is not described or comes twice
 */
export function decodeProtobuf<const M extends ProtobufMessage>(
  bytes: Uint8Array,
  message: M,
): Decoded<M> {
  const reader = new Reader(bytes);
  const read = new Map<string, Value[]>();
  for (let count = 0; !reader.atEnd; count++) {
    if (count === MAXIMUM_FIELDS) throw malformed(`expected up to ${MAXIMUM_FIELDS} fields`);
    const tag = reader.varint();
    const number = tag >> 3n;
    if (number === 0n || number > MAXIMUM_FIELD) throw malformed(`got field ${number}`);
    readField(reader, message, Number(number), Number(tag & 7n), read);
  }
  const fields: readonly ProtobufField[] = Object.values(message.fields);
  return Object.fromEntries(
    fields.map((field) => {
      const values = read.get(field.name);
      if (values === undefined) return [field.name, defaultOf(field)];
      return [field.name, field.repeated ? values : values[0]];
    }),
  ) as Decoded<M>;
}

function readField(
  reader: Reader,
  message: ProtobufMessage,
  number: number,
  wireType: number,
  read: Map<string, Value[]>,
): void {
  const field = message.fields[number];
  if (field === undefined) {
    if (message.others !== 'passed-over') {
      throw new WireError('PROTOBUF_FIELD', `expected no field ${number}`);
    }
    reader.passOver(wireType);
    return;
  }
  const values = read.get(field.name) ?? [];
  if (values.length > 0 && !field.repeated) {
    throw new WireError('PROTOBUF_FIELD', `expected ${field.name} once`);
  }
  values.push(readValue(reader, field, wireType));
  read.set(field.name, values);
}
