/**
 * What happened in a city, gathered from its management nodes' events: one entry a device, counts of completed rounds,
 * refusals. It decides nothing and reads no clock; the table, the report and the acceptance list are drawn from it.
 */
import type { ManagementEvent, ProtocolName } from '../../management/events.ts';
import type { DeviceKind } from '@lamplighter/chaincode';
import type { DeviceRow } from '../view/table.ts';

/** A device as the journal knows it. */
export interface DeviceSubject {
  readonly id: string;
  readonly kind: DeviceKind;
  readonly vendor: string;
  readonly model: string;
  readonly manager: string;
  /** Started with tampered firmware, on purpose. */
  readonly tampered: boolean;
}

export interface DeviceEntry {
  readonly device: DeviceSubject;
  connected: boolean;
  status: string;
  version: string;
  /** Milliseconds since the epoch of the last sign of life. */
  lastSeen: number | undefined;
  transaction: string;
  /** Rounds of protocol 1 or 3 whose verdict stands on the ledger. */
  rounds: number;
  /** The same, of rounds that began when the device had acknowledged new intervals. */
  roundsUnderNewIntervals: number;
  /** Number of the newest round that was judged. */
  judged: number;
  /** Number of the round that brought the first new intervals. */
  renewedBy: number | undefined;
  /** Releases installed, by the protocol that brought them. */
  readonly installed: { readonly release: string; readonly protocol: ProtocolName }[];
}

export interface Refusal {
  readonly release: string;
  /** Who refused: a device's id, `gateway`, or `ledger`. */
  readonly by: string;
  readonly code: string;
}

/** Refusals kept; a city that runs for months must not grow. */
const MOST_REFUSALS = 1_000;

export class Journal {
  readonly #devices = new Map<string, DeviceEntry>();
  readonly #rounds: Record<ProtocolName, number> = {
    monitoring: 0,
    updateRequest: 0,
    lightweightMonitoring: 0,
    propagation: 0,
  };
  readonly #refusals: Refusal[] = [];

  /** @param version of the image that the device begins with */
  add(device: DeviceSubject, version: string): void {
    if (this.#devices.has(device.id)) return;
    this.#devices.set(device.id, {
      device,
      connected: false,
      status: 'enrolling',
      version,
      lastSeen: undefined,
      transaction: '',
      rounds: 0,
      roundsUnderNewIntervals: 0,
      judged: 0,
      renewedBy: undefined,
      installed: [],
    });
  }

  has(id: string): boolean {
    return this.#devices.has(id);
  }

  get devices(): readonly DeviceEntry[] {
    return [...this.#devices.values()];
  }

  get rounds(): Readonly<Record<ProtocolName, number>> {
    return this.#rounds;
  }

  get refusals(): readonly Refusal[] {
    return this.#refusals;
  }

  /** Takes in one event; `versionOf` names the version text of a release. */
  take(event: ManagementEvent, versionOf: (release: string) => string): void {
    if (event.type === 'release-refused') {
      this.refuse({ release: event.release, by: event.device ?? 'gateway', code: event.code });
      return;
    }
    const entry =
      'device' in event && event.device !== null ? this.#devices.get(event.device) : undefined;
    if (entry === undefined) return;
    if (event.type !== 'device-disconnected') entry.lastSeen = Date.parse(event.at);
    this.#note(entry, event, versionOf);
  }

  refuse(refusal: Refusal): void {
    if (this.#refusals.length < MOST_REFUSALS) this.#refusals.push(refusal);
  }

  rows(): readonly DeviceRow[] {
    return this.devices.map((entry) => ({
      ...entry.device,
      firmware: entry.version,
      status: entry.connected ? entry.status : `${entry.status} (away)`,
      lastSeen: entry.lastSeen,
      transaction: entry.transaction,
    }));
  }

  #note(entry: DeviceEntry, event: ManagementEvent, versionOf: (release: string) => string): void {
    switch (event.type) {
      case 'device-connected':
        entry.connected = true;
        break;
      case 'device-disconnected':
        entry.connected = false;
        break;
      case 'intervals-acknowledged':
        entry.renewedBy ??= entry.judged;
        break;
      case 'judged':
        entry.judged = event.n;
        break;
      case 'round-completed':
        this.#noteRound(entry, event);
        break;
      case 'update-offered':
        entry.status = 'updating';
        break;
      case 'update-recorded':
        this.#noteUpdate(entry, event, versionOf);
        break;
      default:
    }
  }

  #noteRound(
    entry: DeviceEntry,
    event: ManagementEvent & { readonly type: 'round-completed' },
  ): void {
    // A device that asks for an update and is found abnormal is judged too, but got no update.
    if (event.protocol !== 'updateRequest') this.#rounds[event.protocol] += 1;
    entry.rounds += 1;
    if (event.n > (entry.renewedBy ?? Infinity)) entry.roundsUnderNewIntervals += 1;
    entry.status = event.status;
    entry.transaction = event.transactionId;
  }

  #noteUpdate(
    entry: DeviceEntry,
    event: ManagementEvent & { readonly type: 'update-recorded' },
    versionOf: (release: string) => string,
  ): void {
    entry.transaction = event.transactionId;
    entry.status = event.code === 0 ? 'updated' : entry.status;
    if (event.code !== 0) return;
    this.#rounds[event.protocol] += 1;
    entry.installed.push({ release: event.release, protocol: event.protocol });
    entry.version = versionOf(event.release);
  }
}

const PROTOCOL: Readonly<Record<ProtocolName, string>> = {
  monitoring: 'monitoring (1)',
  updateRequest: 'update request (2)',
  lightweightMonitoring: 'lightweight monitoring (3)',
  propagation: 'propagation (4)',
};

/** The line that a completed round or a refusal is worth; undefined for what is not worth one. */
export function lineOf(
  event: ManagementEvent,
  versionOf: (release: string) => string,
): string | undefined {
  const time = event.at.slice(11, 19);
  switch (event.type) {
    case 'round-completed':
      return `${time}  ${PROTOCOL[event.protocol]}  ${event.device}  ${event.status}  round ${event.n}  tx ${short(event.transactionId)}`;
    case 'update-recorded':
      return `${time}  ${PROTOCOL[event.protocol]}  ${event.device}  ${event.code === 0 ? `installed ${versionOf(event.release)}` : `refused, code ${event.code}`}  tx ${short(event.transactionId)}`;
    case 'release-refused':
      return `${time}  release ${short(event.release)} refused by ${event.device ?? 'the gateway'}: ${event.code} (${event.reason})`;
    case 'device-removed':
      return `${time}  ${event.device}  ${event.reason}`;
    case 'storage':
      return `${time}  gateway's disk ${event.state}  ${event.reason}`;
    case 'alarm':
      return `${time}  ALARM  ${event.device ?? 'gateway'}  ${event.code}: ${event.reason}`;
    default:
      return undefined;
  }
}

const short = (id: string): string => id.slice(0, 12);
