/** A small city: three vendor organisations, their models, managers and devices, and arguments that are right. */
import { macEnvelope, newEd25519Signer, signEnvelope } from '@lamplighter/sdk/crypto';
import {
  encodeAssignment,
  encodeChainKey,
  encodeManifest,
  encodeSigned,
  type Assignment,
  type Manifest,
} from '@lamplighter/sdk/wire';
import { createHash } from 'node:crypto';
import type {
  DeviceRegistration,
  FirmwareIdentity,
  ManagementNodeRegistration,
  ModelRegistration,
  ReleasePublication,
  StatusReport,
  Transmission,
  UpdateReport,
  VendorRegistration,
} from '../../chaincode/src/records.ts';
import { newIdentity, type Identity } from './identities.ts';
import type { MemoryLedger } from './memory-ledger.ts';
import { peerCertificateOf } from './peer-certificates.ts';
import { foundedLedger } from './stake/founded-ledger.ts';

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
export const signerOf = (name: string): ReturnType<typeof newEd25519Signer> =>
  newEd25519Signer(createHash('sha256').update(`seed of ${name}`).digest());
const publicKeyOf = (name: string): string => hexOf(signerOf(name).publicKey);

export interface Organisation {
  readonly administrator: Identity;
  readonly vendor: Identity;
  readonly manager: Identity;
}

async function newOrganisation(name: string): Promise<Organisation> {
  const mspId = `${name}MSP`;
  return {
    administrator: await newIdentity(mspId, `Admin@${name}`, 'admin'),
    vendor: await newIdentity(mspId, `vendor@${name}`, 'client'),
    manager: await newIdentity(mspId, `manager@${name}`, 'client'),
  };
}

export interface People {
  readonly northlight: Organisation;
  readonly helios: Organisation;
  readonly meridian: Organisation;
}

let people: Promise<People> | undefined;

/** Certificates are made once: they are slow, and tests compare runs byte by byte. */
export function thePeople(): Promise<People> {
  people ??= (async () => ({
    northlight: await newOrganisation('Northlight'),
    helios: await newOrganisation('Helios'),
    meridian: await newOrganisation('Meridian'),
  }))();
  return people;
}

export const aVendor = (
  id: string,
  change: Partial<VendorRegistration> = {},
): VendorRegistration => ({
  id,
  url: `http://127.0.0.1:9000/${id}`,
  signingKey: publicKeyOf(id),
  peerCertificates: [peerCertificateOf(id)],
  ...change,
});

export const aModel = (
  id: string,
  vendor: string,
  change: Partial<ModelRegistration> = {},
): ModelRegistration => ({
  id,
  vendor,
  kind: 'end',
  slotBytes: 1_048_576,
  approvals: 1,
  ...change,
});

export const aManager = (
  id: string,
  identity: Identity,
  change: Partial<ManagementNodeRegistration> = {},
): ManagementNodeRegistration => ({
  id,
  certificate: identity.digest,
  signatureKey: publicKeyOf(id),
  sealingKey: digestOf(`sealing key of ${id}`),
  treeKey: '',
  endpoints: ['ws://127.0.0.1:9100/v1/device'],
  url: 'http://127.0.0.1:9101',
  ...change,
});

export const aFirmware = (change: Partial<FirmwareIdentity> = {}): FirmwareIdentity => ({
  gen: 1,
  sequence: 1,
  version: '7.27.0',
  size: 1000,
  sha256: digestOf('image 1'),
  ...change,
});

export const aDevice = (
  id: string,
  model: string,
  change: Partial<DeviceRegistration> = {},
): DeviceRegistration => ({
  id,
  model,
  firmware: aFirmware(),
  suites: [0x0103, 0x0102],
  legacy: false,
  ...change,
});

export function anAssignment(
  device: string,
  manager: string,
  change: Partial<Assignment> = {},
): Assignment {
  return {
    version: 1,
    idD: device,
    serial: 0,
    op: 0,
    idM: manager,
    prevKid: new Uint8Array(),
    kid: new Uint8Array(16).fill(7),
    suite: 0x0103,
    epoch: 1,
    class: 0,
    mauth: 1,
    mkey: signerOf(manager).publicKey,
    dkey: new Uint8Array(),
    endpoints: ['ws://127.0.0.1:9100/v1/device'],
    ...change,
  };
}

/** An assignment for a lightweight node, by hash chain. */
export const aChainAssignment = (
  device: string,
  manager: string,
  change: Partial<Assignment> = {},
): Assignment =>
  anAssignment(device, manager, {
    class: 1,
    mauth: 2,
    mkey: encodeChainKey({ length: 4096, anchor: new Uint8Array(32).fill(9) }),
    ...change,
  });

/** Hex of an assignment signed under the vendor's key. */
export const signedAssignment = (vendor: string, assignment: Assignment): string =>
  hexOf(encodeSigned(signEnvelope('assignment', encodeAssignment(assignment), signerOf(vendor))));

/** Hex of an assignment with a vendor MAC. */
export const macAssignment = (assignment: Assignment): string =>
  hexOf(
    encodeSigned(
      macEnvelope('assignment', encodeAssignment(assignment), new Uint8Array(32).fill(5)),
    ),
  );

export const aManifest = (
  vendor: string,
  model: string,
  change: Partial<Manifest> = {},
): Manifest => ({
  vendor,
  model,
  gen: 1,
  seq: 2,
  version: '7.28.0',
  size: 2000,
  sha256: createHash('sha256').update('image 2').digest(),
  chunkLog2: 14,
  root: new Uint8Array(32).fill(3),
  format: 0,
  expiry: 1_900_000_000,
  component: ['firmware', 0],
  ...change,
});

export function aRelease(
  manifest: Manifest,
  change: Partial<ReleasePublication> & { readonly signer?: string } = {},
): ReleasePublication {
  const { signer = manifest.vendor, ...fields } = change;
  const signed = signEnvelope('release', encodeManifest(manifest), signerOf(signer));
  return {
    envelope: hexOf(encodeSigned(signed)),
    url: 'http://127.0.0.1:9000',
    propagate: true,
    ...fields,
  };
}

export const aReport = (device: string, change: Partial<StatusReport> = {}): StatusReport => ({
  device,
  n: 1,
  status: 'normal',
  reasons: [],
  sequence: 1,
  version: '7.27.0',
  sha256: digestOf('image 1'),
  observed: '2026-11-22T12:00:00.000Z',
  dueWithin: 60,
  ...change,
});

export const anUpdate = (
  device: string,
  release: string,
  change: Partial<UpdateReport> = {},
): UpdateReport => ({
  device,
  attempt: 1,
  release,
  from: aFirmware(),
  code: 0,
  cause: 'propagation',
  observed: '2026-11-22T12:00:00.000Z',
  ...change,
});

export const aTransmission = (
  id: string,
  release: string,
  change: Partial<Transmission> = {},
): Transmission => ({
  id,
  release,
  manager: 'gate-1',
  bytes: 2000,
  observed: '2026-11-22T12:00:00.000Z',
  ...change,
});

/** Vendors, models `prime` (end) and `mote` (lightweight) of Northlight, managers `gate-1` and `gate-2`. */
export class City {
  readonly ledger: MemoryLedger;
  readonly people: People;

  private constructor(everybody: People, ledger: MemoryLedger) {
    this.people = everybody;
    this.ledger = ledger;
  }

  /** Stake decides, and nobody has registered yet. */
  static async empty(): Promise<City> {
    const everybody = await thePeople();
    return new City(everybody, await foundedLedger(everybody.northlight.administrator));
  }

  /** Vendors, models and managers stand on the ledger; no device does. */
  static async founded(): Promise<City> {
    const city = await City.empty();
    const { northlight, helios, meridian } = city.people;
    await city.register(northlight.administrator, 'RegisterVendor', aVendor('northlight'));
    await city.register(helios.administrator, 'RegisterVendor', aVendor('helios'));
    await city.register(meridian.administrator, 'RegisterVendor', aVendor('meridian'));
    await city.register(northlight.vendor, 'RegisterModel', aModel('prime', 'northlight'));
    await city.register(
      northlight.vendor,
      'RegisterModel',
      aModel('mote', 'northlight', { kind: 'lightweight' }),
    );
    await city.register(
      northlight.administrator,
      'RegisterManagementNode',
      aManager('gate-1', northlight.manager),
    );
    await city.register(
      helios.administrator,
      'RegisterManagementNode',
      aManager('gate-2', helios.manager),
    );
    return city;
  }

  /** As {@link founded}, with devices of model `prime` assigned to `gate-1`. */
  static async inhabited(...devices: readonly string[]): Promise<City> {
    const city = await City.founded();
    for (const device of devices) await city.settle(device);
    return city;
  }

  /** As {@link inhabited}, for many: the rest is copied from the first device, which is faster than signatures. */
  static async crowded(...devices: readonly string[]): Promise<City> {
    const [first = 'lamp', ...others] = devices;
    const city = await City.inhabited(first);
    const record = Buffer.from(city.ledger.state.get(`device:${first}`) ?? []).toString();
    for (const device of others) {
      const copy = record.replace(`"id":"${first}"`, `"id":"${device}"`);
      city.ledger.state.set(`device:${device}`, Buffer.from(copy));
    }
    return city;
  }

  /** Registers a device of `prime` and assigns it. */
  async settle(device: string, manager = 'gate-1'): Promise<void> {
    const { northlight } = this.people;
    await this.register(northlight.vendor, 'RegisterDevice', aDevice(device, 'prime'));
    await this.assign(anAssignment(device, manager));
  }

  async register(identity: Identity, transaction: string, argument: object): Promise<void> {
    await this.ledger.submit(identity, `DeviceRegistry:${transaction}`, [JSON.stringify(argument)]);
  }

  /** @param time seconds of the transaction; @param dueWithin seconds in which the first report is due */
  async assign(assignment: Assignment, time?: number, dueWithin = '4200'): Promise<void> {
    await this.ledger.submit(
      this.people.northlight.vendor,
      'DeviceRegistry:AssignDevice',
      [signedAssignment('northlight', assignment), dueWithin],
      time === undefined ? {} : { time },
    );
  }

  async report(...reports: readonly StatusReport[]): Promise<void> {
    await this.ledger.submit(this.people.northlight.manager, 'StatusLog:ReportStatuses', [
      JSON.stringify(reports),
    ]);
  }

  /** @returns the release's id. */
  async publish(manifest: Manifest, change: Partial<ReleasePublication> = {}): Promise<string> {
    const { payload } = await this.ledger.submit(
      this.people.northlight.vendor,
      'Firmware:PublishRelease',
      [JSON.stringify(aRelease(manifest, change))],
    );
    return payload;
  }

  async approve(release: string, identity: Identity = this.people.helios.vendor): Promise<void> {
    await this.ledger.submit(identity, 'Firmware:ApproveRelease', [release]);
  }

  /** A query by a member of an organisation that owns nothing here. */
  async ask<T>(transaction: string, ...args: readonly string[]): Promise<T> {
    return this.ledger.evaluate<T>(this.people.meridian.vendor, transaction, args);
  }
}
