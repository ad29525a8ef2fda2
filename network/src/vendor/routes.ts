/**
 * What a vendor node serves to managers and to vendors that review: firmware by digest, hand-overs, envelopes of class L,
 * answers to update requests. Every claim of a request is checked against the ledger.
 */
import type { ReleaseRecord } from '@lamplighter/chaincode';
import { encodeCbor, limits } from '@lamplighter/sdk/wire';

import {
  NonceMemory,
  readFetchTicket,
  readUpdateRequest,
  sealHandOver,
  sealUpdateAnswer,
  verifyFetchTicket,
  verifyUpdateRequest,
  type Freshness,
  type UpdateAnswer,
  type UpdateRequest,
} from '../exchange/index.ts';
import type { Contracts } from '../ledger/index.ts';
import { formerKidsOf, macKeyOf, preSharedKeyOf } from './assignment.ts';
import type { DeviceSecret, DeviceSecrets, StoredAssignment } from './device-secrets.ts';
import type { FirmwareStore } from './firmware-store.ts';
import type { Answer, Exchange, Route } from './http.ts';
import type { PublishedReleases } from './published-releases.ts';
import { parseRange } from './range.ts';
import { deviceEnvelope } from './release.ts';
import type { RootKeys } from './root-keys.ts';
import type { TransmissionRecorder } from './transmissions.ts';
import { VendorError } from './vendor-error.ts';
import { onLedger } from './who-asks.ts';

export interface RouteParts {
  /** Own id. */
  readonly vendor: string;
  readonly contracts: Contracts;
  readonly secrets: DeviceSecrets;
  readonly store: FirmwareStore;
  readonly published: PublishedReleases;
  readonly transmissions: TransmissionRecorder;
  /** Ed25519 seed, and its public key. */
  readonly releaseKey: Uint8Array;
  readonly vendorKey: Uint8Array;
  readonly roots: Pick<RootKeys, 'after'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Hex of so many random bytes. */
  readonly randomHex: (bytes: number) => string;
}

const ID = '([a-z0-9][a-z0-9._-]{0,62})';
const DIGEST = '([0-9a-f]{64})';
/** A signed update request is some 300 bytes. */
const REQUEST_BYTES = 4_096;
const CBOR = 'application/cbor';

export function nodeRoutes(parts: RouteParts): readonly Route[] {
  const routes = new NodeRoutes(parts);
  return [
    {
      method: 'GET',
      pattern: new RegExp(`^/v1/firmware/${DIGEST}$`),
      handle: (exchange) => routes.firmware(exchange),
    },
    {
      method: 'GET',
      pattern: /^\/v1\/roots\/(0|[1-9][0-9]{0,14})$/,
      handle: (exchange) => routes.roots(exchange),
    },
    {
      method: 'GET',
      pattern: new RegExp(`^/v1/assignments/${ID}/(0|[1-9][0-9]{0,14})$`),
      handle: (exchange) => routes.assignment(exchange),
    },
    {
      method: 'GET',
      pattern: new RegExp(`^/v1/assignments/${ID}/(0|[1-9][0-9]{0,14})/envelope$`),
      handle: (exchange) => routes.assignmentEnvelope(exchange),
    },
    {
      method: 'GET',
      pattern: new RegExp(`^/v1/releases/${DIGEST}/envelopes/${ID}$`),
      handle: (exchange) => routes.envelope(exchange),
    },
    {
      method: 'POST',
      pattern: /^\/v1\/update-requests$/,
      handle: (exchange) => routes.updateRequest(exchange),
    },
  ];
}

class NodeRoutes {
  readonly #parts: RouteParts;
  readonly #tickets = new NonceMemory();
  readonly #updateRequests = new NonceMemory();

  constructor(parts: RouteParts) {
    this.#parts = parts;
  }

  /** An image or a part of it, to whoever shows a ticket; a manager's download is recorded on the ledger. */
  async firmware(exchange: Exchange): Promise<Answer> {
    const { store, transmissions } = this.#parts;
    if (transmissions.full) throw new VendorError('BUSY', 'transmissions wait to be recorded');
    const { role, party } = await this.#admitted(exchange);
    const [sha256 = ''] = exchange.parameters;
    const image = await store.read(sha256);
    const range = parseRange(exchange.headers.range, image.length);
    const body = range === undefined ? image : image.subarray(range.from, range.to + 1);
    const headers: Record<string, string> = { 'accept-ranges': 'bytes', etag: `"${sha256}"` };
    if (range !== undefined) {
      headers['content-range'] = `bytes ${range.from}-${range.to}/${image.length}`;
    }
    const answer: Answer = {
      status: range === undefined ? 200 : 206,
      type: 'application/octet-stream',
      headers,
      body,
    };
    if (role !== 'manager') return answer;
    return {
      ...answer,
      sent: (bytes) => {
        this.#record(sha256, party, bytes);
      },
    };
  }

  /** The signed roots after a generation, in order: what devices that slept are told first (§7.1). Public. */
  roots({ parameters }: Exchange): Promise<Answer> {
    const [gen = ''] = parameters;
    const after = this.#parts.roots.after(Number(gen)).slice(0, limits.ROOTS_MOST);
    return Promise.resolve({ type: CBOR, body: encodeCbor([...after]) });
  }

  /** Sealed to the manager that the assignment names, so it may be asked for by anybody. */
  async assignment({ parameters, signal }: Exchange): Promise<Answer> {
    const { vendor, contracts, releaseKey } = this.#parts;
    const { device, assignment } = this.#assignment(parameters);
    const { id } = device;
    const manager = await contracts.readManagementNode(assignment.manager, { signal });
    const { fti, rti, uti } = assignment;
    const body = await sealHandOver(
      { vendor, manager: manager.id, device: id, serial: assignment.serial },
      {
        envelope: bytesOf(assignment.envelope),
        psk: preSharedKeyOf(device, assignment),
        fti,
        rti,
        uti,
        formerKids: formerKidsOf(device, assignment).map(bytesOf),
      },
      { sealingKey: bytesOf(manager.sealingKey), releaseKey },
    );
    return { type: CBOR, body };
  }

  /** What took a device away from a manager, without its secrets, to who is on the ledger: they have it there, too. */
  async assignmentEnvelope(exchange: Exchange): Promise<Answer> {
    await this.#admitted(exchange);
    const { assignment } = this.#assignment(exchange.parameters);
    return { type: CBOR, body: bytesOf(assignment.envelope) };
  }

  /** Class L: the release under one device's vendor MAC. */
  async envelope({ parameters, signal }: Exchange): Promise<Answer> {
    const { contracts, secrets } = this.#parts;
    const [id = '', device = ''] = parameters;
    const secret = secrets.get(device);
    const release = await contracts.readRelease(id, { signal });
    if (release.model !== secret.model) {
      throw new VendorError('RELEASE_MISMATCH', `release ${id} is not for device "${device}"`);
    }
    return { type: CBOR, body: this.#envelopeFor(release, device) };
  }

  /** Update request, steps 5 and 6 (protocol §6.3). */
  async updateRequest(exchange: Exchange): Promise<Answer> {
    const { vendor, contracts, releaseKey } = this.#parts;
    const { signal } = exchange;
    const message = readUpdateRequest(await exchange.body(REQUEST_BYTES));
    const manager = await onLedger(() =>
      contracts.readManagementNode(message.claim.manager, { signal }),
    );
    const request = verifyUpdateRequest(message, {
      managerKey: bytesOf(manager.signatureKey),
      vendor,
      freshness: this.#freshness(this.#updateRequests),
    });
    await this.#requireManaged(request, signal);
    const answer = this.#answerTo(
      request,
      await contracts.latestRelease(request.model, { signal }),
    );
    const keys = { sealingKey: bytesOf(manager.sealingKey), releaseKey };
    return { type: CBOR, body: await sealUpdateAnswer(message, answer, keys) };
  }

  #assignment([id = '', serial = '']: readonly string[]): {
    readonly device: DeviceSecret;
    readonly assignment: StoredAssignment;
  } {
    const device = this.#parts.secrets.get(id);
    // A manager may hear of an assignment before this node does.
    const assignment = [device.assignment, device.pending].find(
      (each) => each?.serial === Number(serial),
    );
    if (assignment == null) {
      throw new VendorError('ASSIGNMENT_UNKNOWN', `device "${id}" has no assignment ${serial}`);
    }
    return { device, assignment };
  }

  #answerTo(request: UpdateRequest, release: ReleaseRecord | undefined): UpdateAnswer {
    if (release === undefined) return { type: 'current' };
    const { gen, sequence } = release.firmware;
    // (gen, seq) pairwise, as the device compares them (§7.2).
    const newer = gen > request.gen || (gen === request.gen && sequence > request.seq);
    if (!newer) return { type: 'current' };
    const envelope = this.#envelopeFor(release, request.device);
    return { type: 'release', release: bytesOf(release.id), envelope };
  }

  /** What the device can check: the vendor's signature, or its MAC for this device. */
  #envelopeFor(release: ReleaseRecord, device: string): Uint8Array {
    const { secrets, vendor, vendorKey } = this.#parts;
    const secret = secrets.get(device);
    if (release.vendor !== vendor) {
      throw new VendorError('RELEASE_MISMATCH', `release ${release.id} is of "${release.vendor}"`);
    }
    if (secret.kind === 'end') return bytesOf(release.envelope);
    return deviceEnvelope(release, { vendorKey, kvm: macKeyOf(secret) });
  }

  async #requireManaged(request: UpdateRequest, signal: AbortSignal): Promise<void> {
    const { contracts, vendor } = this.#parts;
    const device = await contracts.readDevice(request.device, { signal });
    const managed =
      device.state === 'assigned' &&
      device.assignment?.manager === request.manager &&
      device.vendor === vendor &&
      device.model === request.model;
    if (!managed) {
      throw new VendorError(
        'DEVICE_NOT_MANAGED',
        `device "${request.device}" is no ${request.model} of manager "${request.manager}"`,
      );
    }
  }

  /** @returns who fetches, its signature verified */
  async #admitted(exchange: Exchange): Promise<{ readonly role: string; readonly party: string }> {
    const { contracts, vendor } = this.#parts;
    const { signal, path } = exchange;
    const header = exchange.headers.authorization;
    if (header === undefined) throw new VendorError('NOT_AUTHORISED', 'expected a fetch ticket');
    const message = readFetchTicket(header);
    const { role, party } = message.claim;
    const partyKey = await onLedger(async () =>
      role === 'manager'
        ? (await contracts.readManagementNode(party, { signal })).signatureKey
        : (await contracts.readVendor(party, { signal })).signingKey,
    );
    const freshness = this.#freshness(this.#tickets);
    return verifyFetchTicket(message, { partyKey: bytesOf(partyKey), vendor, path, freshness });
  }

  #record(sha256: string, manager: string, bytes: number): void {
    const { published, transmissions, now, randomHex } = this.#parts;
    const release = published.releaseOf(sha256);
    // Factory images, which managers need to judge answers, belong to no release.
    if (release === undefined || bytes === 0) return;
    const observed = new Date(now()).toISOString();
    transmissions.add({ id: randomHex(16), release, manager, bytes, observed });
  }

  #freshness(nonces: NonceMemory): Freshness {
    return { now: Math.floor(this.#parts.now() / 1_000), nonces };
  }
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}
