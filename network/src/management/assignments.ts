/**
 * Takes over the devices that the ledger assigns to this node (protocol §2.2): the sealed hand-over from the vendor,
 * checked against the ledger's digest, becomes an entry of the device database.
 */
import type { DeviceRecord, VendorRecord } from '@lamplighter/chaincode';
import { ed25519PublicKey, equalBytes, erase, verifyEnvelope } from '@lamplighter/sdk/crypto';
import { manageEpoch } from '@lamplighter/sdk/protocol';
import {
  Algorithm,
  decodeAssignment,
  decodeSigned,
  type Assignment,
  type Intervals,
} from '@lamplighter/sdk/wire';
import type { HandOver } from '../exchange/index.ts';
import { LedgerError } from '../ledger/ledger-error.ts';
import type { Contracts } from '../ledger/contracts.ts';
import { chainSeed } from './anchors.ts';
import { sleep, type Clock } from './clock.ts';
import { NO_UPDATE, type DeviceDatabase, type DeviceEntry } from './device-database.ts';
import type { EventSink } from './events.ts';
import { ManagementError } from './management-error.ts';
import { Slots } from './slots.ts';
import type { VendorGateway } from './vendor-gateway.ts';

/** What taking over needs. */
export interface AssignmentsParts {
  /** Own id. */
  readonly id: string;
  readonly signatureKey: Uint8Array;
  readonly chainMaster: Uint8Array;
  readonly database: DeviceDatabase;
  readonly contracts: Contracts;
  readonly vendors: VendorGateway;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const TRIES = 6;
const FIRST_PAUSE_MS = 500;
/** Hand-overs fetched at a time. */
const CONCURRENCY = 8;

/** See the module comment. */
export class Assignments {
  readonly #parts: AssignmentsParts;
  readonly #slots = new Slots(CONCURRENCY);

  constructor(parts: AssignmentsParts) {
    this.#parts = parts;
  }

  /**
   * Takes a device over, again with back-off while its vendor cannot be reached.
   *
   * @returns the entry, or undefined when the device is not this node's or is known already
   * @throws what the last try threw
   */
  async take(record: DeviceRecord): Promise<DeviceEntry | undefined> {
    const { id, database, clock, signal } = this.#parts;
    const { assignment } = record;
    if (assignment === null || assignment.manager !== id || record.state === 'retired') return;
    if (database.get(record.id)?.serial === assignment.serial) return;
    const release = await this.#slots.take(signal);
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await this.#take(record, assignment);
        } catch (error) {
          if (attempt >= TRIES || error instanceof ManagementError) throw error;
          await sleep(clock, FIRST_PAUSE_MS * 2 ** (attempt - 1), signal);
        }
      }
    } finally {
      release();
    }
  }

  async #take(
    record: DeviceRecord,
    reference: NonNullable<DeviceRecord['assignment']>,
  ): Promise<DeviceEntry> {
    const { contracts, vendors, database, events } = this.#parts;
    const { serial, digest } = reference;
    const vendor = await contracts.readVendor(record.vendor);
    const handOver = await vendors.handOver(vendor, { device: record.id, serial, digest });
    const n = await this.#lastRound(record.id);
    const entry = this.#entry(record, handOver, vendor, n);
    await database.put(entry);
    events.emit({ type: 'device-added', device: record.id, serial });
    return entry;
  }

  #entry(
    record: DeviceRecord,
    handOver: HandOver,
    vendor: VendorRecord,
    lastRound: number,
  ): DeviceEntry {
    const { envelope, psk, fti, rti, uti, formerKids } = handOver;
    const assignment = this.#check(record, envelope, vendor);
    const { chainMaster } = this.#parts;
    const { idD, epoch, mauth } = assignment;
    const seed = mauth === 2 ? chainSeed(chainMaster, idD, epoch) : undefined;
    const before = this.#parts.database.get(record.id);
    const { payload } = decodeSigned(envelope);
    const secrets = manageEpoch(payload, psk, seed, record.legacy);
    erase(psk);
    return {
      id: record.id,
      model: record.model,
      vendor: record.vendor,
      kind: record.kind,
      serial: assignment.serial,
      envelope,
      formerKids,
      suspended: record.state === 'suspended',
      firmware: record.firmware,
      missed: 0,
      attempt: 0,
      update: NO_UPDATE,
      refused: [],
      ...(before === undefined ? newcomer({ fti, rti, uti }) : known(before)),
      n: Math.max(lastRound, before?.n ?? 0),
      secrets,
    };
  }

  /** The object is this device's, for this node, under the key that this node has. */
  #check(record: DeviceRecord, envelope: Uint8Array, vendor: VendorRecord): Assignment {
    const signed = decodeSigned(envelope);
    if (signed.signatures.some(({ alg }) => alg === Algorithm.ed25519)) {
      const key = new Uint8Array(Buffer.from(vendor.signingKey, 'hex'));
      verifyEnvelope('assignment', signed, { kind: 'signature', threshold: 1, keys: [key] });
    }
    const assignment = decodeAssignment(signed.payload);
    const { id, signatureKey } = this.#parts;
    const right =
      assignment.idD === record.id &&
      assignment.idM === id &&
      assignment.serial === record.assignment?.serial &&
      (assignment.mauth !== 1 || equalBytes(assignment.mkey, ed25519PublicKey(signatureKey)));
    if (right) return assignment;
    throw new ManagementError(
      'ASSIGNMENT_MISMATCH',
      `expected an assignment of ${record.id} to ${id} under this node's key, got one of ` +
        `${assignment.idD} to ${assignment.idM}`,
    );
  }

  /** n goes on from the last round on the ledger, whoever reported it (§6.2). */
  async #lastRound(device: string): Promise<number> {
    try {
      return (await this.#parts.contracts.readStatus(device)).n;
    } catch (error) {
      if (error instanceof LedgerError && error.code === 'STATUS_NOT_FOUND') return 0;
      throw error;
    }
  }
}

/** What a new assignment does not touch. */
type Lasting = Pick<DeviceEntry, 'intervals' | 'status' | 'resyncs' | 'offered'>;

function newcomer(current: Intervals): Lasting {
  const intervals = { ivn: 0, current, pending: null };
  return { intervals, status: null, resyncs: null, offered: [] };
}

/** §2.3: intervals survive a new assignment; M takes `ivn` from Finish. */
function known({ intervals, status, resyncs, offered }: DeviceEntry): Lasting {
  return { intervals, status, resyncs, offered };
}
