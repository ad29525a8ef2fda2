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

/** What the head of a larger index may add to a content frame. */
const INDEX_GROWTH_BYTES = 4;

/** M's deliveries in one session. */
export class ManagerDelivery {
  readonly #find: FindObject;
  readonly #fmax: number;
  readonly #pieceBytes: number;
  /** Objects whose head was sent; D fetches a few objects a session, so this stays small. */
  readonly #headed = new Set<string>();
  #serving = 0;

  /** @param fmax as D's Hello told */
  constructor(find: FindObject, fmax: number) {
    this.#find = find;
    this.#fmax = fmax;
    this.#pieceBytes = fmax - BLOB_OVERHEAD_BYTES;
  }

  /** Step 2: answers one `want`, from its `from`; a later `want` ends this one. */
  async *serve(want: Want): AsyncGenerator<DeliveryOutput, void, undefined> {
    this.#serving += 1;
    const serving = this.#serving;
    const object = await this.#find(want.sha256);
    const outputs =
      object === null ? [refusal(ResultCode.notSupported)] : this.#outputs(object, want);
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
    if (want.from >= bytes.length) yield refusal(ResultCode.notSupported);
    let { from } = want;
    for (let sent = 0; sent < want.credit && from < bytes.length; sent += 1) {
      const data = bytes.subarray(from, from + this.#pieceBytes);
      yield { kind: 'message', message: { type: 'blob', sha256: want.sha256, from, data } };
      from += data.length;
    }
  }

  async *#chunks(image: ImageObject, want: Want): AsyncIterable<DeliveryOutput> {
    if (want.from >= image.chunks) {
      yield refusal(ResultCode.notSupported);
      return;
    }
    const first = await this.#content(image, want.from, want.paths);
    // A first chunk has the longest path, and no chunk is larger: what follows fits too.
    if (first.length + INDEX_GROWTH_BYTES > this.#fmax) {
      yield refusal(ResultCode.noRoom);
      return;
    }
    const name = toHex(want.sha256);
    const { sha256, from } = want;
    if (!this.#headed.has(name)) {
      this.#headed.add(name);
      yield { kind: 'message', message: { type: 'head', sha256, cek: image.cek, from } };
    }
    const end = Math.min(image.chunks, from + want.credit);
    yield { kind: 'frame', frame: first };
    for (let index = from + 1; index < end; index += 1) {
      yield { kind: 'frame', frame: await this.#content(image, index, want.paths) };
    }
  }

  async #content(image: ImageObject, index: number, paths: boolean): Promise<Uint8Array> {
    const path = paths ? image.path(index) : [];
    const sealed = await image.chunk(index);
    return encodeFrame({ type: 'content', index, path, sealed });
  }
}

function refusal(code: number): DeliveryOutput {
  return { kind: 'message', message: { type: 'error', re: messageNumber.want, code } };
}
