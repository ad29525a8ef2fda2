/** One delivery in memory: a device's half, a manager's half, and a slot between them. */
import { createHash } from 'node:crypto';
import {
  ContentCipher,
  chunkTree,
  newEd25519Signer,
  ed25519PublicKey,
  openEnvelope,
  signEnvelope,
  suiteOf,
} from '@lamplighter/sdk/crypto';
import { DeviceDelivery, ManagerDelivery, SealedImage } from '@lamplighter/sdk/protocol';
import type {
  DeliveryEffect,
  DeliveryOutput,
  FindObject,
  InstallTarget,
  StoredTransfer,
} from '@lamplighter/sdk/protocol';
import { decodeFrame, encodeManifest, encodeSigned, toHex } from '@lamplighter/sdk/wire';
import type { BlobRef, ContentFrame, Manifest, Message } from '@lamplighter/sdk/wire';
import { VENDOR_SECRET, filled } from './session-fixture.ts';

export const SUITE = suiteOf(0x0103);
export const SLOT_BYTES = 65_536;

export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

export function imageOf(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => (at * 37 + (at >> 8)) & 0xff);
}

export const IN_USE = { seq: 7, sha256: filled(7) };

export const TARGET: InstallTarget = {
  vendor: 'northlight',
  model: 'model-1',
  component: ['firmware', 0],
  rootsGen: 1,
  counter: { gen: 1, seq: 7 },
  inUse: IN_USE,
  slotBytes: SLOT_BYTES,
  bootloader: 2,
  time: 1000,
  refused: [],
};

export function manifestOf(image: Uint8Array, changes: Partial<Manifest> = {}): Manifest {
  const chunkLog2 = changes.chunkLog2 ?? 10;
  return {
    vendor: 'northlight',
    model: 'model-1',
    gen: 1,
    seq: 8,
    version: '1.0.8',
    size: image.length,
    sha256: sha256(image),
    chunkLog2,
    root: chunkTree(image, chunkLog2).root,
    format: 0,
    expiry: 2000,
    component: ['firmware', 0],
    ...changes,
  };
}

export function signed(manifest: Manifest, secret = VENDOR_SECRET): Uint8Array {
  const signer = newEd25519Signer(secret);
  return encodeSigned(signEnvelope('release', encodeManifest(manifest), signer));
}

export function refOf(envelope: Uint8Array): BlobRef {
  return { kind: 1, sha256: sha256(envelope), size: envelope.length };
}

/** Changes what M sends: several outputs, one, or none in place of each. */
export type Tamper = (output: DeliveryOutput) => DeliveryOutput[];

export interface RunOptions {
  readonly image?: Uint8Array;
  /** What M holds, when that is not what the manifest is about. */
  readonly held?: Uint8Array;
  readonly manifest?: Partial<Manifest>;
  readonly envelope?: Uint8Array;
  readonly target?: Partial<InstallTarget>;
  readonly paths?: boolean;
  readonly fmax?: number;
  readonly tamper?: Tamper;
  readonly transfer?: StoredTransfer;
  readonly slot?: Uint8Array;
}

/** A whole delivery, until nothing more is sent. */
export class DeliveryRun {
  readonly slot: Uint8Array;
  readonly effects: DeliveryEffect[] = [];
  readonly device: DeviceDelivery;
  readonly #manager: ManagerDelivery;
  readonly #tamper: Tamper;
  readonly #queue: Message[] = [];
  now = 0;

  constructor(find: FindObject, options: RunOptions) {
    const fmax = options.fmax ?? 4608;
    const trust = {
      kind: 'signature',
      threshold: 1,
      keys: [ed25519PublicKey(VENDOR_SECRET)],
    } as const;
    this.slot = options.slot ?? new Uint8Array(SLOT_BYTES);
    this.device = new DeviceDelivery({
      suite: SUITE,
      fmax,
      paths: options.paths ?? true,
      openRelease: (envelope) => openEnvelope('release', envelope, trust),
    });
    this.#manager = new ManagerDelivery(find, fmax);
    this.#tamper = options.tamper ?? ((output) => [output]);
  }

  /** Carries out effects, and what they lead to at M and back. */
  async run(effects: DeliveryEffect[]): Promise<void> {
    this.do(effects);
    for (let message = this.#queue.shift(); message; message = this.#queue.shift()) {
      if (message.type !== 'want') continue;
      for await (const output of this.#manager.serve(message)) {
        for (const changed of this.#tamper(output)) this.do(this.take(changed));
      }
    }
  }

  take(output: DeliveryOutput): DeliveryEffect[] {
    if (output.kind === 'frame') {
      return this.device.content(decodeFrame(output.frame) as ContentFrame, this.now);
    }
    const { message } = output;
    if (message.type === 'head') return this.device.head(message);
    if (message.type === 'blob') return this.device.blob(message, this.now);
    return [];
  }

  do(effects: readonly DeliveryEffect[]): void {
    for (const effect of effects) {
      this.effects.push(effect);
      if (effect.kind === 'send') this.#queue.push(effect.message);
      if (effect.kind === 'write') this.slot.set(effect.bytes, effect.at);
      if (effect.kind === 'verify') {
        this.do(this.device.readBack(sha256(this.slot.subarray(0, effect.size))));
      }
    }
  }

  /** Messages that the device sent, of one type. */
  sent<T extends Message['type']>(type: T): Extract<Message, { type: T }>[] {
    return this.effects
      .flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []))
      .filter((message): message is Extract<Message, { type: T }> => message.type === type);
  }

  /** Effects of one kind. */
  all<K extends DeliveryEffect['kind']>(kind: K): Extract<DeliveryEffect, { kind: K }>[] {
    return this.effects.filter(
      (effect): effect is Extract<DeliveryEffect, { kind: K }> => effect.kind === kind,
    );
  }

  /** Code with which the delivery ended, 0 for an installation, null when it hangs. */
  get code(): number | null {
    if (this.all('install').length > 0) return 0;
    return this.all('end').at(-1)?.refusal.code ?? null;
  }
}

/** Offers a release and plays the delivery to its end. */
export async function deliver(options: RunOptions = {}): Promise<DeliveryRun> {
  const image = options.image ?? imageOf(10_000);
  const manifest = manifestOf(image, options.manifest);
  const envelope = options.envelope ?? signed(manifest);
  const held = options.held ?? image;
  const own = { ...manifest, size: held.length, root: chunkTree(held, manifest.chunkLog2).root };
  const sealed = new SealedImage(SUITE, { ...own, format: 0 }, held, filled(0x33));
  const objects = new Map<string, ReturnType<FindObject>>([
    [toHex(sha256(envelope)), { kind: 'blob', bytes: envelope }],
    [toHex(manifest.root), sealed.leafList],
    [toHex(manifest.sha256), sealed],
  ]);
  const run = new DeliveryRun((name) => objects.get(toHex(name)) ?? null, options);
  const target = { ...TARGET, ...options.target };
  const { transfer } = options;
  await run.run(
    transfer
      ? run.device.resume({ ...transfer, signed: envelope }, target, 0)
      : run.device.offer(refOf(envelope), target, 1, 0),
  );
  return run;
}

/** A cipher under the content key of {@link deliver}, for a false M that holds it. */
export function cipherOf(manifest: Manifest): ContentCipher {
  const { sha256: digest, chunkLog2 } = manifest;
  return new ContentCipher({ suite: SUITE, cek: filled(0x33), sha256: digest, chunkLog2 });
}
