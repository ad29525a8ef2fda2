/** A management node with its ledger and vendor, for tests of the whole: real sockets, a clock that the test moves. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DeviceKind, ReleaseRecord } from '@lamplighter/chaincode';
import {
  ed25519PublicKey,
  isUsableEd25519Key,
  macEnvelope,
  openEnvelope,
  pskOf,
  signEnvelope,
  vendorMacKey,
} from '@lamplighter/sdk/crypto';
import { enrolUnder, type AssignmentTrust } from '@lamplighter/sdk/protocol';
import {
  encodeAssignment,
  encodeChainKey,
  encodeSigned,
  suiteFacts,
  type Assignment,
} from '@lamplighter/sdk/wire';
import {
  newSealingKeyPair,
  requestAnchors,
  sealHandOver,
} from '../../../../network/src/exchange/index.ts';
import {
  ManagementNode,
  type ManagementEvent,
  type ManagementNodeOptions,
} from '../../../../network/src/management/index.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeLedger } from './fake-ledger.ts';
import { TestDevice } from './test-device.ts';
import { TestVendor, VENDOR } from './test-vendor.ts';

export const MANAGER = 'gateway-1';
const bytes = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

type EventOf<T extends ManagementEvent['type']> = Extract<ManagementEvent, { type: T }>;

type CityOptions = Partial<Omit<ManagementNodeOptions, 'keys'>> & {
  readonly keys?: Partial<ManagementNodeOptions['keys']>;
};

export class TestCity {
  readonly clock: FakeClock;
  readonly ledger: FakeLedger;
  readonly vendor: TestVendor;
  readonly node: ManagementNode;
  readonly options: ManagementNodeOptions;
  readonly events: ManagementEvent[];
  readonly #directory: string;
  readonly #signatureKey: Uint8Array;
  #devices = 0;

  private constructor(parts: {
    clock: FakeClock;
    ledger: FakeLedger;
    vendor: TestVendor;
    node: ManagementNode;
    options: ManagementNodeOptions;
    events: ManagementEvent[];
    directory: string;
  }) {
    this.clock = parts.clock;
    this.ledger = parts.ledger;
    this.vendor = parts.vendor;
    this.node = parts.node;
    this.options = parts.options;
    this.events = parts.events;
    this.#directory = parts.directory;
    this.#signatureKey = parts.options.keys.signature;
  }

  /** @param prepare makes the ledger ready before the node reads it */
  static async start(
    { keys, ...change }: CityOptions = {},
    prepare: (ledger: FakeLedger) => void = () => undefined,
  ): Promise<TestCity> {
    const directory = await mkdtemp(path.join(tmpdir(), 'lamplighter-management-'));
    const clock = new FakeClock();
    const ledger = new FakeLedger();
    prepare(ledger);
    const vendor = await TestVendor.start();
    const sealing = await newSealingKeyPair();
    vendor.sealingKey = sealing.publicKey;
    ledger.vendors.set(VENDOR, {
      docType: 'vendor',
      schema: 1,
      id: VENDOR,
      mspId: 'NorthlightMSP',
      url: vendor.url,
      signingKey: vendor.signingKey,
      peerCertificates: [],
      time: '2026-01-01T00:00:00.000Z',
    });
    const events: ManagementEvent[] = [];
    const options: ManagementNodeOptions = {
      id: MANAGER,
      mspId: 'NorthlightMSP',
      directory,
      port: 0,
      ledger,
      keys: {
        signature: bytes(32),
        sealing: sealing.secretKey,
        chainMaster: bytes(32),
        ...keys,
      },
      intervals: { base: { fti: 20, rti: 4, uti: 60 }, draw: (base) => base },
      clock,
      onEvent: (event) => events.push(event),
      ...change,
    };
    const node = await ManagementNode.start(options);
    return new TestCity({ clock, ledger, vendor, node, options, events, directory });
  }

  get url(): string {
    return `ws://127.0.0.1:${String(this.node.port)}/v1/device`;
  }

  /** Waits for an event, one that has come already included. */
  async event<T extends ManagementEvent['type']>(
    type: T,
    matches: (event: EventOf<T>) => boolean = () => true,
  ): Promise<EventOf<T>> {
    const isIt = (event: ManagementEvent): event is EventOf<T> =>
      event.type === type && matches(event as EventOf<T>);
    const known = this.events.find(isIt);
    if (known !== undefined) return known;
    return new Promise((resolve) => {
      const stop = this.node.on((event) => {
        if (!isIt(event)) return;
        stop();
        resolve(event);
      });
    });
  }

  /** Manufactures a device, assigns it to the node through the ledger, and waits until the node has it. */
  async device(
    kind: DeviceKind = 'end',
    change: Partial<Assignment> = {},
    image = bytes(5_000),
    formerKids: readonly Uint8Array[] = [],
  ): Promise<TestDevice> {
    this.#devices += 1;
    const id = `lamp-${String(this.#devices).padStart(4, '0')}`;
    const kv0 = bytes(32);
    this.vendor.deviceKeys.set(id, kv0);
    const sha256 = this.vendor.addImage(image);
    const assignment: Assignment = {
      version: 1,
      idD: id,
      serial: 0,
      op: 0,
      idM: MANAGER,
      prevKid: new Uint8Array(0),
      kid: bytes(16),
      suite: 0x0103,
      epoch: 1,
      class: kind === 'end' ? 0 : 1,
      mauth: kind === 'end' ? 1 : 2,
      mkey: await this.#managerKey(kind, id, change),
      dkey: new Uint8Array(0),
      endpoints: [this.url],
      ...change,
    };
    const payload = encodeAssignment(assignment);
    const kvm = vendorMacKey(kv0, id);
    const envelope = encodeSigned(
      kind === 'end'
        ? signEnvelope('assignment', payload, this.vendor.signer)
        : macEnvelope('assignment', payload, kvm),
    );
    const handOver = { envelope, psk: pskOf(kv0, payload), fti: 10, rti: 2, uti: 15, formerKids };
    const subject = { vendor: VENDOR, manager: MANAGER, device: id, serial: 0 };
    const keys = { sealingKey: this.vendor.sealingKey, releaseKey: this.vendor.seed };
    this.vendor.files.set(`/v1/assignments/${id}/0`, await sealHandOver(subject, handOver, keys));
    this.ledger.devices.set(id, {
      docType: 'device',
      schema: 1,
      id,
      model: `${kind}-model`,
      vendor: VENDOR,
      kind,
      suites: [assignment.suite],
      legacy: isLegacy(assignment),
      state: 'assigned',
      firmware: { gen: 1, sequence: 1, version: '1.0.1', size: image.length, sha256 },
      assignment: {
        manager: MANAGER,
        serial: 0,
        epoch: assignment.epoch,
        suite: assignment.suite,
        managerProof: assignment.mauth,
        digest: createHash('sha256').update(payload).digest('hex'),
        time: '2026-01-01T00:00:00.000Z',
        dueWithin: 12,
      },
      reason: '',
      time: '2026-01-01T00:00:00.000Z',
    });
    this.ledger.emit('DeviceAssigned', {
      device: id,
      vendor: VENDOR,
      manager: MANAGER,
      serial: 0,
      previousManager: null,
    });
    await this.event('device-added', (event) => event.device === id);
    const { epoch } = enrolUnder({ kv: kv0, kvN: 0 }, envelope, this.#trust(assignment, kvm), id);
    const imageSha256 = new Uint8Array(Buffer.from(sha256, 'hex'));
    return new TestDevice({ id, kv0, kvm, envelope, epoch, image, sha256: imageSha256 });
  }

  /** What a device of this assignment believes. */
  #trust(assignment: Assignment, kvm: Uint8Array): AssignmentTrust {
    const keys = [this.vendor.signer.publicKey];
    const trust =
      assignment.class === 0
        ? ({ kind: 'signature', threshold: 1, keys } as const)
        : ({ kind: 'mac', kvm } as const);
    return {
      open: (envelope) => openEnvelope('assignment', envelope, trust),
      isUsableKey: isUsableEd25519Key,
      legacy: isLegacy(assignment),
    };
  }

  /** `mkey`, unless the assignment brings its own: the signature key, or the anchor of a chain. */
  async #managerKey(
    kind: DeviceKind,
    id: string,
    change: Partial<Assignment>,
  ): Promise<Uint8Array> {
    if (change.mkey !== undefined) return change.mkey;
    if (kind === 'end') return ed25519PublicKey(this.#signatureKey);
    return this.chain(id, change.epoch ?? 1, change.suite);
  }

  /** Puts an approved release on the ledger and lets the node hear of it. */
  approve(release: ReleaseRecord): void {
    this.ledger.releases.set(release.id, release);
    this.ledger.emit('ReleaseApproved', { release: release.id, model: release.model });
  }

  async close(): Promise<void> {
    await this.node.close();
    await this.vendor.close();
    await rm(this.#directory, { recursive: true });
  }

  /** `mkey` of class L: the anchor that the node gives for a device and an epoch. */
  async chain(device: string, epoch: number, suite = 0x0103): Promise<Uint8Array> {
    const party = {
      vendor: VENDOR,
      releaseKey: this.vendor.seed,
      manager: MANAGER,
      managerKey: ed25519PublicKey(this.#signatureKey),
      url: `http://127.0.0.1:${String(this.node.port)}`,
    };
    const [anchor] = await requestAnchors(party, [{ device, epoch, suite }]);
    return encodeChainKey(anchor!);
  }
}

function isLegacy({ suite }: Assignment): boolean {
  return suiteFacts(suite)?.legacy ?? false;
}
