/**
 * D's half of a delivery (docs/protocol.md §6.6, steps 1 to 6), for one session. It takes what M sends and says what is to
 * be done, in order, as {@link DeliveryEffect}s: it writes no slot and keeps no time itself. A new session starts with a new
 * object, from the {@link StoredTransfer} that the last one kept.
 */
import { equalBytes } from '../wire/bytes.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Suite } from '../crypto/suites.ts';
import type { ContentFrame } from '../wire/frames.ts';
import { CREDIT_MOST } from '../wire/limits.ts';
import { decodeManifest, transferOf } from '../wire/manifest.ts';
import type { Manifest } from '../wire/manifest.ts';
import { CloseCode, ResultCode } from '../wire/message-types.ts';
import type { BlobRef, Message } from '../wire/message-types.ts';
import { messageNumber } from '../wire/messages.ts';
import { BlobReceiver } from './blob-receiver.ts';
import { ChunkReader } from './chunk-reader.ts';
import { judgeManifest } from './manifest-rules.ts';
import type { InstallTarget, ManifestRefusal } from './manifest-rules.ts';

/** §6.6, step 5: D keeps its place for each 64 KiB. */
const KEEP_BYTES = 65536;
/** §6.6, step 5: sessions in a row without progress after which D gives up. */
export const IDLE_SESSIONS = 5;
/** §6.6, step 4: the second wrong chunk ends a delivery. */
const WRONG_CHUNKS = 2;
/** §6.6, step 4: one piece in 60 s, and 64 B/s over 10 minutes. */
const PIECE_SECONDS = 60;
const RATE_SECONDS = 600;
const RATE_BYTES = 64 * RATE_SECONDS;
/** Largest leaf list that D holds; for more chunks it asks for paths. */
const LEAF_LIST_BYTES = 65536;
/** A content frame's heads around path and chunk. */
const CONTENT_HEADS = 32;
/** `re` of an `error` about a content frame: its frame type. */
const CONTENT_FRAME = 5;

/** What D keeps of a delivery over sessions and power cuts. */
export interface StoredTransfer {
  /** The manifest's envelope as it came. */
  readonly signed: Uint8Array;
  /** Number of this attempt, told in `result`. */
  readonly attempt: number;
  /** First chunk that the slot lacks. */
  readonly next: number;
  /** Sessions in a row that brought no chunk. */
  readonly idleSessions: number;
}

/** An image that is whole in its slot, or the attempt that it was. */
export interface DeliveredImage {
  readonly manifest: Manifest;
  readonly attempt: number;
}

/** What the runtime does next, in the order given. */
export type DeliveryEffect =
  | { readonly kind: 'send'; readonly message: Message }
  /** The manifest holds: make the slot not in use ready and tell the application. */
  | { readonly kind: 'begin'; readonly image: DeliveredImage }
  /** Store before what follows is sent. */
  | { readonly kind: 'keep'; readonly transfer: StoredTransfer }
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'progress'; readonly received: number; readonly size: number }
  /** Read `size` bytes back from the slot, hash them, call {@link DeviceDelivery.readBack}. */
  | { readonly kind: 'verify'; readonly size: number }
  /** Forget the transfer, set the boot flag to *try* and restart. */
  | { readonly kind: 'install'; readonly image: DeliveredImage }
  /** Forget the transfer; with an image, the code is told as a `result`. */
  | {
      readonly kind: 'end';
      readonly refusal: ManifestRefusal;
      readonly image: DeliveredImage | null;
    }
  | { readonly kind: 'close'; readonly code: number };

/** What a delivery needs from its session and device. */
export interface DeliveryParts {
  readonly suite: Suite;
  readonly fmax: number;
  /** True: every chunk comes with its path (little memory); false: D fetches the leaf list first. */
  readonly paths: boolean;
  /** Verifies the vendor's signatures or MAC (§7.1) and gives the payload; throws when they are not right. */
  readonly openRelease: (signed: Uint8Array) => Uint8Array;
}

interface Receiving {
  readonly image: DeliveredImage;
  readonly signed: Uint8Array;
  readonly reader: ChunkReader;
  readonly withPaths: boolean;
}

type Stage =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'manifest';
      readonly blob: BlobReceiver;
      readonly target: InstallTarget;
      readonly attempt: number;
    }
  | ({ readonly kind: 'leaves'; readonly blob: BlobReceiver } & Receiving)
  | ({ readonly kind: 'chunks' } & Receiving)
  | ({ readonly kind: 'verify' } & Receiving);

const IDLE: Stage = { kind: 'idle' };

/** D's delivery in one session. */
export class DeviceDelivery {
  readonly #parts: DeliveryParts;
  #stage: Stage = IDLE;
  #manifestDigest: Uint8Array | null = null;
  /** Content frames that M may still send: those on their way when a delivery was ended are passed over. */
  #granted = 0;
  #wrong = 0;
  #lastPiece = 0;
  #rate = { since: 0, bytes: 0 };

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  get active(): boolean {
    return this.#stage.kind !== 'idle';
  }

  /** Step 1: an offer that {@link judgeOffer} let through. The same manifest again goes on with what is under way. */
  offer(ref: BlobRef, target: InstallTarget, attempt: number, now: number): DeliveryEffect[] {
    if (this.active) {
      if (this.#manifestDigest && equalBytes(this.#manifestDigest, ref.sha256)) return [];
      const re = messageNumber['upd-offer'];
      return [send({ type: 'error', re, code: ResultCode.busy })];
    }
    this.#manifestDigest = ref.sha256;
    const blob = new BlobReceiver(ref.sha256, ref.size, this.#parts.fmax);
    this.#stage = { kind: 'manifest', blob, target, attempt };
    this.#startClock(now);
    return [send(blob.want())];
  }

  /** Step 5: goes on with a transfer of an earlier session. The manifest is verified again: rules may have changed. */
  resume(transfer: StoredTransfer, target: InstallTarget, now: number): DeliveryEffect[] {
    const { signed, attempt, next } = transfer;
    const idleSessions = transfer.idleSessions + 1;
    const judged = this.#judge(signed, target);
    const image = judged.manifest && { manifest: judged.manifest, attempt };
    if (judged.manifest === null) return [{ kind: 'end', refusal: judged, image: null }];
    if (idleSessions > IDLE_SESSIONS) {
      const reason = `no chunk in ${IDLE_SESSIONS} sessions`;
      return [{ kind: 'end', refusal: { code: ResultCode.givenUp, reason }, image }];
    }
    this.#manifestDigest = sha256(signed);
    this.#startClock(now);
    const kept: DeliveryEffect = { kind: 'keep', transfer: { ...transfer, idleSessions } };
    return [kept, ...this.#fetch({ manifest: judged.manifest, attempt }, signed, next)];
  }

  /** `head` from M. */
  head(head: Extract<Message, { type: 'head' }>): DeliveryEffect[] {
    const stage = this.#stage;
    return stage.kind === 'chunks' && stage.reader.begin(head) ? [] : failed();
  }

  /** `blob` from M: a piece of the manifest or of the leaf list. */
  blob(piece: Extract<Message, { type: 'blob' }>, now: number): DeliveryEffect[] {
    const stage = this.#stage;
    if (stage.kind !== 'manifest' && stage.kind !== 'leaves') return failed();
    const progress = stage.blob.take(piece);
    this.#count(piece.data.length, now);
    switch (progress.kind) {
      case 'more':
        return [];
      case 'want':
        return [send(progress.want)];
      case 'false':
        return failed();
      case 'whole':
        return stage.kind === 'manifest'
          ? this.#takeManifest(stage, progress.bytes)
          : this.#takeLeaves(stage, progress.bytes);
    }
  }

  /** Step 4: a content frame. */
  content(frame: ContentFrame, now: number): DeliveryEffect[] {
    if (this.#granted === 0) return [{ kind: 'close', code: CloseCode.malformed }];
    this.#granted -= 1;
    const stage = this.#stage;
    if (stage.kind !== 'chunks') return [];
    const read = stage.reader.read(frame);
    if (read.kind === 'unexpected') return [{ kind: 'close', code: CloseCode.malformed }];
    if (read.kind === 'passed') return [];
    if (read.kind === 'wrong') return this.#wrongPiece(stage, CONTENT_FRAME);
    this.#count(frame.sealed.length, now);
    return this.#written(stage, read.at, read.bytes);
  }

  /** Step 6: what was read back from the slot. */
  readBack(digest: Uint8Array): DeliveryEffect[] {
    const stage = this.#stage;
    if (stage.kind !== 'verify') return [];
    const { image } = stage;
    this.#stage = IDLE;
    if (!equalBytes(digest, image.manifest.sha256)) {
      const reason = 'the image in the slot has another digest than the manifest';
      return abort(image, { code: ResultCode.chunkOrDigest, reason });
    }
    return [doneWith(image, ResultCode.good), { kind: 'install', image }];
  }

  /** Step 4: true when M is too slow; D then drops the connection. */
  stalled(now: number): boolean {
    if (this.#stage.kind === 'idle' || this.#stage.kind === 'verify') return false;
    if (now - this.#lastPiece > PIECE_SECONDS) return true;
    return now - this.#rate.since > RATE_SECONDS && this.#rate.bytes < RATE_BYTES;
  }

  /** Step 1: digest, signatures, then the rules of §7.2. Nothing has been written to a slot. */
  #takeManifest(stage: Extract<Stage, { kind: 'manifest' }>, signed: Uint8Array): DeliveryEffect[] {
    this.#stage = IDLE;
    const done = (code: number): DeliveryEffect =>
      send({ type: 'done', sha256: stage.blob.sha256, code });
    const judged = equalBytes(sha256(signed), stage.blob.sha256)
      ? this.#judge(signed, stage.target)
      : refused(ResultCode.chunkOrDigest, 'the manifest has another digest than the offer');
    if (judged.manifest === null) {
      return [done(judged.code), { kind: 'end', refusal: judged, image: null }];
    }
    const { attempt } = stage;
    const image = { manifest: judged.manifest, attempt };
    const transfer = { signed, attempt, next: 0, idleSessions: 0 };
    return [
      done(ResultCode.good),
      { kind: 'begin', image },
      { kind: 'keep', transfer },
      ...this.#fetch(image, signed, 0),
    ];
  }

  #judge(signed: Uint8Array, target: InstallTarget): Judged {
    let manifest: Manifest;
    try {
      const payload = this.#parts.openRelease(signed);
      // §7.3: the manifest offered must be the one named.
      if (target.proven !== undefined && !equalBytes(sha256(payload), target.proven)) {
        const reason = 'the ledger names another manifest';
        return refused(ResultCode.proofsMissingOrStale, reason);
      }
      manifest = decodeManifest(payload);
    } catch (error) {
      return refused(ResultCode.signature, error instanceof Error ? error.message : String(error));
    }
    const refusal = judgeManifest(manifest, target) ?? this.#judgeFrames(manifest);
    return refusal === null ? { manifest } : { manifest: null, ...refusal };
  }

  /** A chunk with its path has to fit in a frame of this session. */
  #judgeFrames(manifest: Manifest): ManifestRefusal | null {
    const { suite, fmax } = this.#parts;
    const depth = this.#withPaths(manifest) ? treeDepth(transferOf(manifest).chunks) : 0;
    const frame = 2 ** manifest.chunkLog2 + suite.tagBytes + 34 * depth + CONTENT_HEADS;
    if (frame <= fmax) return null;
    const reason = `expected chunks for frames of ${fmax} bytes, got frames of ${frame}`;
    return { code: ResultCode.notSupported, reason };
  }

  #withPaths(manifest: Manifest): boolean {
    return this.#parts.paths || transferOf(manifest).chunks * 32 > LEAF_LIST_BYTES;
  }

  /** Step 2: the leaf list first when D wants no paths, then the chunks. */
  #fetch(image: DeliveredImage, signed: Uint8Array, next: number): DeliveryEffect[] {
    const { manifest } = image;
    const reader = new ChunkReader(this.#parts.suite, manifest, next);
    const withPaths = this.#withPaths(manifest);
    const receiving: Receiving = { image, signed, reader, withPaths };
    if (reader.finished) return this.#verify(receiving);
    if (withPaths) return this.#wantChunks(receiving);
    const size = transferOf(manifest).chunks * 32;
    const blob = new BlobReceiver(manifest.root, size, this.#parts.fmax);
    this.#stage = { kind: 'leaves', blob, ...receiving };
    return [send(blob.want())];
  }

  #takeLeaves(stage: Extract<Stage, { kind: 'leaves' }>, list: Uint8Array): DeliveryEffect[] {
    if (stage.reader.setLeaves(list)) return this.#wantChunks(stage);
    const blob = new BlobReceiver(stage.blob.sha256, list.length, this.#parts.fmax);
    this.#stage = { ...stage, blob };
    return this.#wrongPiece(this.#stage, messageNumber.blob);
  }

  #wantChunks({ image, signed, reader, withPaths }: Receiving): DeliveryEffect[] {
    this.#stage = { kind: 'chunks', image, signed, reader, withPaths };
    const want = reader.want(this.#chunkCredit(image.manifest), withPaths);
    this.#granted += want.credit;
    return [send(want)];
  }

  /** Half a MiB on its way, no more. */
  #chunkCredit(manifest: Manifest): number {
    return Math.min(CREDIT_MOST, Math.max(1, 524288 >> manifest.chunkLog2));
  }

  #written(
    stage: Extract<Stage, { kind: 'chunks' }>,
    at: number,
    bytes: Uint8Array,
  ): DeliveryEffect[] {
    const { image, signed, reader } = stage;
    const { size } = transferOf(image.manifest);
    const received = at + bytes.length;
    const effects: DeliveryEffect[] = [
      { kind: 'write', at, bytes },
      { kind: 'progress', received, size },
    ];
    if (Math.floor(received / KEEP_BYTES) > Math.floor(at / KEEP_BYTES) || reader.finished) {
      const transfer = { signed, attempt: image.attempt, next: reader.next, idleSessions: 0 };
      effects.push({ kind: 'keep', transfer });
    }
    if (reader.finished) return [...effects, ...this.#verify(stage)];
    if (!reader.creditUsed) return effects;
    this.#granted = 0;
    return [...effects, ...this.#wantChunks(stage)];
  }

  #verify({ image, signed, reader, withPaths }: Receiving): DeliveryEffect[] {
    this.#stage = { kind: 'verify', image, signed, reader, withPaths };
    return [{ kind: 'verify', size: transferOf(image.manifest).size }];
  }

  /** Step 4: wrong: error 5, and once more from there; twice: abort, code 5. */
  #wrongPiece(stage: Extract<Stage, { kind: 'leaves' | 'chunks' }>, re: number): DeliveryEffect[] {
    this.#wrong += 1;
    if (this.#wrong >= WRONG_CHUNKS) {
      this.#stage = IDLE;
      const reason = 'two pieces did not fit the tree that the vendor signed';
      return abort(stage.image, { code: ResultCode.chunkOrDigest, reason });
    }
    const error = send({ type: 'error', re, code: ResultCode.chunkOrDigest });
    if (stage.kind === 'leaves') return [error, send(stage.blob.want())];
    return [error, ...this.#wantChunks(stage)];
  }

  #startClock(now: number): void {
    this.#lastPiece = now;
    this.#rate = { since: now, bytes: 0 };
    this.#wrong = 0;
  }

  #count(bytes: number, now: number): void {
    this.#lastPiece = now;
    const over = now - this.#rate.since > RATE_SECONDS && this.#rate.bytes >= RATE_BYTES;
    this.#rate = over ? { since: now, bytes } : { ...this.#rate, bytes: this.#rate.bytes + bytes };
  }
}

type Judged = { readonly manifest: Manifest } | ({ readonly manifest: null } & ManifestRefusal);

function refused(code: number, reason: string): Judged {
  return { manifest: null, code, reason };
}

function send(message: Message): DeliveryEffect {
  return { kind: 'send', message };
}

function failed(): DeliveryEffect[] {
  return [{ kind: 'close', code: CloseCode.failed }];
}

function doneWith(image: DeliveredImage, code: number): DeliveryEffect {
  return send({ type: 'done', sha256: transferOf(image.manifest).sha256, code });
}

function abort(image: DeliveredImage, refusal: ManifestRefusal): DeliveryEffect[] {
  return [doneWith(image, refusal.code), { kind: 'end', refusal, image }];
}

/** Hashes in the longest path of a tree (RFC 9162 §2.1.3). */
function treeDepth(leaves: number): number {
  return leaves < 2 ? 0 : Math.ceil(Math.log2(leaves));
}
