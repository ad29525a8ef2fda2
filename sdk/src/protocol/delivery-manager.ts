/**
 * M's half of a delivery (docs/protocol.md §6.6): answers each `want` with a head and content frames, or with the pieces of
 * a blob. What may be given to a device is decided by whoever fills {@link FindObject}; how fast it leaves, by whoever
 * pulls from the generator.
 */
import { toHex } from '../wire/bytes.ts';
import { encodeFrame } from '../wire/frames.ts';
import { BLOB_OVERHEAD_BYTES } from '../wire/limits.ts';
import { ResultCode } from '../wire/message-types.ts';
import type { Message, Want } from '../wire/message-types.ts';
import { messageNumber } from '../wire/messages.ts';

/** A small object that goes in `blob`s: manifest, leaf list, assignment. */
export interface BlobObject {
  readonly kind: 'blob';
  readonly bytes: Uint8Array;
}

/** An image, sealed once for all devices of its model (§6.6 step 3). */
export interface ImageObject {
  readonly kind: 'image';
  /** Number of chunks. */
  readonly chunks: number;
  /** Content key of (release, suite), 32 bytes. */
  readonly cek: Uint8Array;
  /** The sealed chunk. */
  chunk(index: number): Uint8Array | Promise<Uint8Array>;
  /** The chunk's path to the root, from the leaf upwards. */
  path(index: number): readonly Uint8Array[];
}

/** Finds what a digest names (a leaf list: its tree root), null for what this device may not have. */
export type FindObject = (
  sha256: Uint8Array,
) => BlobObject | ImageObject | null | Promise<BlobObject | ImageObject | null>;

/** A message to be sealed as a record, or a frame that goes as it is. */
export type DeliveryOutput =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'frame'; readonly frame: Uint8Array };

/** M's deliveries in one session. */
export class ManagerDelivery {
  readonly #find: FindObject;
  readonly #pieceBytes: number;
  /** Objects whose head was sent; D fetches a few objects a session, so this stays small. */
  readonly #headed = new Set<string>();
  #serving = 0;

  /** @param fmax as D's Hello told */
  constructor(find: FindObject, fmax: number) {
    this.#find = find;
    this.#pieceBytes = fmax - BLOB_OVERHEAD_BYTES;
  }

  /** Step 2: answers one `want`, from its `from`; a later `want` ends this one. */
  async *serve(want: Want): AsyncGenerator<DeliveryOutput, void, undefined> {
    this.#serving += 1;
    const serving = this.#serving;
    const object = await this.#find(want.sha256);
    const outputs = object === null ? [refusal()] : this.#outputs(object, want);
    for await (const output of outputs) {
      if (serving !== this.#serving) return;
      yield output;
    }
  }

  #outputs(
    object: BlobObject | ImageObject,
    want: Want,
  ): Iterable<DeliveryOutput> | AsyncIterable<DeliveryOutput> {
    return object.kind === 'blob' ? this.#pieces(object, want) : this.#chunks(object, want);
  }

  *#pieces({ bytes }: BlobObject, want: Want): Iterable<DeliveryOutput> {
    if (want.from >= bytes.length) yield refusal();
    let { from } = want;
    for (let sent = 0; sent < want.credit && from < bytes.length; sent += 1) {
      const data = bytes.subarray(from, from + this.#pieceBytes);
      yield { kind: 'message', message: { type: 'blob', sha256: want.sha256, from, data } };
      from += data.length;
    }
  }

  async *#chunks(image: ImageObject, want: Want): AsyncIterable<DeliveryOutput> {
    if (want.from >= image.chunks) {
      yield refusal();
      return;
    }
    const name = toHex(want.sha256);
    const { sha256, from } = want;
    if (!this.#headed.has(name)) {
      this.#headed.add(name);
      yield { kind: 'message', message: { type: 'head', sha256, cek: image.cek, from } };
    }
    const end = Math.min(image.chunks, from + want.credit);
    for (let index = from; index < end; index += 1) {
      const path = want.paths ? image.path(index) : [];
      const sealed = await image.chunk(index);
      yield { kind: 'frame', frame: encodeFrame({ type: 'content', index, path, sealed }) };
    }
  }
}

function refusal(): DeliveryOutput {
  const re = messageNumber.want;
  return { kind: 'message', message: { type: 'error', re, code: ResultCode.notSupported } };
}
