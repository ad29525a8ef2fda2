/** A device, its manager in memory, its vendor's releases, and a clock, put together for a test. */
import { createHash } from 'node:crypto';
import {
  chunkTree,
  macEnvelope,
  newEd25519Signer,
  ed25519PublicKey,
  signEnvelope,
  suiteOf,
  vendorMacKey,
} from '@lamplighter/sdk/crypto';
import { SealedImage } from '@lamplighter/sdk/protocol';
import {
  BlobKind,
  encodeManifest,
  encodeSigned,
  toHex,
  type Assignment,
  type BlobRef,
  type Manifest,
} from '@lamplighter/sdk/wire';
import { EndNode, LightweightEndNode, MemoryFirmwareStore, MemoryKeyStore } from '@lamplighter/sdk';
import type { DeviceEvents, DeviceIdentity, DeviceOptions } from '@lamplighter/sdk';
import {
  KV0,
  VENDOR_SECRET,
  assignmentOf,
  enrolPair,
  filled,
  lightweight,
} from '../protocol/session-fixture.ts';
import { MemoryManager } from './memory-manager.ts';
import { VirtualClock } from './virtual-clock.ts';

export const SLOT_BYTES = 262_144;
export const INTERVALS = { fti: 100, rti: 20, uti: 1_000_000 };

/** `size` bytes that differ from place to place. */
export function imageOf(size: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8) * 7 + seed) & 0xff);
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

export const FACTORY = { gen: 0, seq: 7, version: '1.0.7', bytes: imageOf(5000) };

export interface Release {
  readonly manifest: Manifest;
  readonly signed: Uint8Array;
  readonly ref: BlobRef;
}

/** A device and all around it. */
export class DeviceFixture {
  readonly kind: 'end' | 'lightweight';
  readonly clock = new VirtualClock();
  readonly keys = new MemoryKeyStore();
  readonly firmware: MemoryFirmwareStore;
  identity: DeviceIdentity;
  readonly manager: MemoryManager;
  readonly events: { name: keyof DeviceEvents; payload: unknown }[] = [];
  readonly kvm: Uint8Array;
  device: EndNode | LightweightEndNode | null = null;

  constructor(kind: 'end' | 'lightweight', changes: Partial<Assignment> = {}) {
    this.kind = kind;
    const assignment =
      kind === 'end' ? assignmentOf(changes) : { ...lightweight(256, changes), ...changes };
    const pair = enrolPair(assignment);
    this.kvm = vendorMacKey(KV0, assignment.idD);
    this.manager = new MemoryManager(pair.managed);
    this.firmware = new MemoryFirmwareStore(FACTORY, SLOT_BYTES);
    const common = {
      device: assignment.idD,
      model: 'model-1',
      vendor: 'northlight',
      gateway: 'ws://gateway.example/v1/device',
      assignment: pair.envelope,
      kv: KV0.slice(),
      kvN: 0,
      image: '/factory.bin',
      imageSize: FACTORY.bytes.length,
      imageSha256: sha256(FACTORY.bytes),
      seq: FACTORY.seq,
      gen: FACTORY.gen,
      version: FACTORY.version,
      slotBytes: SLOT_BYTES,
      component: ['firmware', 0] as const,
      intervals: INTERVALS,
    };
    this.identity =
      kind === 'end'
        ? { ...common, kind, vendorKey: ed25519PublicKey(VENDOR_SECRET) }
        : { ...common, kind, vendorMacKey: this.kvm };
  }

  /** Starts the device; a session is complete unless the manager refuses one. */
  async start(options: Partial<Omit<DeviceOptions, 'identity'>> = {}): Promise<void> {
    const parts = {
      firmware: this.firmware,
      keys: this.keys,
      clock: this.clock,
      transport: this.manager.transport,
      trustedTime: () => 1_000_000,
      ...options,
    };
    const { identity } = this;
    this.device =
      identity.kind === 'end'
        ? await EndNode.start({ identity, ...parts })
        : await LightweightEndNode.start({ identity, ...parts });
    for (const name of EVENTS) {
      this.device.on(name, (payload) => {
        this.events.push({ name, payload });
      });
    }
    await this.clock.advance(0);
  }

  async close(): Promise<void> {
    await this.device?.close();
  }

  /** Payloads of one event so far. */
  told<Name extends keyof DeviceEvents>(name: Name): DeviceEvents[Name][] {
    return this.events
      .filter((event) => event.name === name)
      .map(({ payload }) => payload as DeviceEvents[Name]);
  }

  /** A release as its vendor signs it for this device, with the manager ready to hand it out. */
  release(image: Uint8Array, changes: Partial<Manifest> = {}): Release {
    return this.releaseBy(VENDOR_SECRET, image, changes);
  }

  /** A release as whoever holds a key signs it. */
  releaseBy(secret: Uint8Array, image: Uint8Array, changes: Partial<Manifest> = {}): Release {
    const chunkLog2 = changes.chunkLog2 ?? (this.kind === 'end' ? 14 : 10);
    const manifest: Manifest = {
      vendor: 'northlight',
      model: 'model-1',
      gen: 0,
      seq: 8,
      version: '1.0.8',
      size: image.length,
      sha256: sha256(image),
      chunkLog2,
      root: chunkTree(image, chunkLog2).root,
      format: 0,
      expiry: 2_000_000,
      component: ['firmware', 0],
      ...changes,
    };
    return this.publish(manifest, image, secret);
  }

  /** Signs a manifest and puts its objects in the manager's hands. */
  publish(manifest: Manifest, image: Uint8Array, secret = VENDOR_SECRET): Release {
    const payload = encodeManifest(manifest);
    const signed = encodeSigned(
      this.kind === 'end'
        ? signEnvelope('release', payload, newEd25519Signer(secret))
        : macEnvelope('release', payload, this.kvm),
    );
    return this.offerable(manifest, signed, image);
  }

  /** Puts the bytes of an envelope, right or wrong, and an image in the manager's hands. */
  offerable(manifest: Manifest, signed: Uint8Array, image: Uint8Array | null): Release {
    const { objects } = this.manager;
    const ref = { kind: BlobKind.manifest, sha256: sha256(signed), size: signed.length };
    objects.set(toHex(ref.sha256), { kind: 'blob', bytes: signed });
    if (image !== null) {
      const own = {
        ...manifest,
        size: image.length,
        root: chunkTree(image, manifest.chunkLog2).root,
      };
      const { suite } = this.manager.epoch.assignment;
      const sealed = new SealedImage(suiteOf(suite), own, image, filled(0x33));
      objects.set(toHex(manifest.sha256), sealed);
      objects.set(toHex(manifest.root), sealed.leafList);
    }
    return { manifest, signed, ref };
  }

  /** Propagation, step 3. */
  async offer(release: Release, current: { seq?: number; hfw?: Uint8Array } = {}): Promise<void> {
    await this.manager.send({
      type: 'upd-offer',
      curSeq: current.seq ?? FACTORY.seq,
      curHfw: current.hfw ?? sha256(FACTORY.bytes),
      manifest: release.ref,
      proofs: false,
    });
    await this.clock.advance(0);
  }
}

const EVENTS: readonly (keyof DeviceEvents)[] = [
  'connected',
  'disconnected',
  'monitored',
  'intervals',
  'noUpdate',
  'proven',
  'unproven',
  'validators',
  'roots',
  'pushRefused',
  'updateOffered',
  'updateProgress',
  'updateRefused',
  'restarting',
  'updated',
  'fellBack',
  'reassigned',
  'suspended',
  'retired',
  'error',
  'closed',
];
