/** `--once`: waits until the main job is done, reads it back, and sums it up in one document. */
import { setTimeout as delay } from 'node:timers/promises';
import type { StakeStatus } from '../../ledger/index.ts';
import { stakeLines } from '../view/stake-lines.ts';
import type { City } from './city.ts';
import type { EngineKind } from './engine.ts';
import type { Requirement } from './acceptance.ts';
import type { Refusal } from './journal.ts';
import { nameOf, VENDORS } from './plan.ts';
import type { DeviceReport, ReadBack } from './read-back.ts';

/** On two cores the whole job took a tenth of this, and a fifth on Fabric's own programs; a busy machine needs many times that. */
const DEADLINE_MS = 240_000;
const POLL_MS = 100;
/** An update that is under way ends long before. */
const AGREEMENT_WITHIN_MS = 20_000;

export interface OnceDocument {
  readonly ok: boolean;
  /** Empty when all is well. */
  readonly reason: string;
  readonly durationMs: number;
  readonly engine: EngineKind;
  /** MSP ids. */
  readonly organisations: readonly string[];
  readonly blocks: number;
  readonly transactions: { readonly valid: number; readonly invalid: number };
  readonly devices: readonly DeviceReport[];
  /** Completed rounds. */
  readonly protocols: City['journal']['rounds'];
  /** Devices that stand on the ledger as abnormal. */
  readonly abnormal: readonly string[];
  readonly refusedReleases: readonly Refusal[];
  /** Who decides, and who was convicted; null when it was not read. */
  readonly stake: StakeStatus | null;
}

export interface OnceOptions {
  readonly engine: EngineKind;
  readonly start: () => Promise<City>;
  readonly show: (city: City) => Disposable;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Never throws for what the city does wrong: the document says it. */
export async function proveMainJob(options: OnceOptions): Promise<OnceDocument> {
  const { print } = options;
  const begun = Date.now();
  try {
    await using city = await options.start();
    using _ = options.show(city);
    const told = new Set<string>();
    const wait = { ...options, city, begun, told };
    await waitFor(wait, ENROLLED);
    await city.showcaseOnce();
    await waitFor(wait, () => true);
    const document = await sumUp(city, options.engine, begun);
    if (document.stake !== null) stakeLines(document.stake, nameOf, city.rule).forEach(print);
    return document;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failed(reason, options.engine, begun);
  }
}

/** The releases come when every device has had its first round, so that the four protocols can be told apart. */
const ENROLLED = (requirement: Requirement): boolean => requirement.name.includes('enrolled');

interface Wait extends OnceOptions {
  readonly city: City;
  readonly begun: number;
  /** Requirements that were printed as met. */
  readonly told: Set<string>;
}

async function waitFor(wait: Wait, wanted: (requirement: Requirement) => boolean): Promise<void> {
  const { city, begun, told, print, signal } = wait;
  for (;;) {
    signal.throwIfAborted();
    const all = city.requirements().filter(wanted);
    for (const { name, missing } of all) {
      if (missing !== undefined || told.has(name)) continue;
      told.add(name);
      print(`✓ ${name} (${seconds(Date.now() - begun)} s)`);
    }
    const open = all.find((requirement) => requirement.missing !== undefined);
    if (open === undefined) return;
    if (Date.now() - begun > DEADLINE_MS) {
      throw new Error(`${open.name}: not within ${seconds(DEADLINE_MS)} s; ${open.missing ?? ''}`);
    }
    await delay(POLL_MS);
  }
}

/** Reads back until ledger, gateways and devices agree: an update may be on its way between them. */
async function agreedReports(city: City): Promise<ReadBack> {
  const deadline = Date.now() + AGREEMENT_WITHIN_MS;
  for (;;) {
    const { reports, differences } = await city.readBack();
    const versions = await city.deviceVersions();
    const unequal = reports
      .filter((report) => versions[report.id] !== report.version)
      .map(
        ({ id, version }) =>
          `${id} runs ${version} on the ledger and says ${versions[id] ?? 'nothing'}`,
      );
    const all = [...differences, ...unequal];
    if (all.length === 0 || Date.now() > deadline) return { reports, differences: all };
    await delay(POLL_MS);
  }
}

async function sumUp(city: City, engine: EngineKind, begun: number): Promise<OnceDocument> {
  const { reports, differences } = await agreedReports(city);
  const reason = differences.join('; ');
  const { height, valid, invalid } = await city.blocks();
  return {
    ok: reason === '',
    reason,
    durationMs: Date.now() - begun,
    engine,
    organisations: VENDORS.map((vendor) => vendor.mspId),
    blocks: height,
    transactions: { valid, invalid },
    devices: reports,
    protocols: city.journal.rounds,
    abnormal: reports.filter((report) => report.status === 'abnormal').map((report) => report.id),
    refusedReleases: city.journal.refusals,
    stake: city.stake ?? null,
  };
}

function failed(reason: string, engine: EngineKind, begun: number): OnceDocument {
  return {
    ok: false,
    reason,
    durationMs: Date.now() - begun,
    engine,
    organisations: VENDORS.map((vendor) => vendor.mspId),
    blocks: 0,
    transactions: { valid: 0, invalid: 0 },
    devices: [],
    protocols: { monitoring: 0, updateRequest: 0, lightweightMonitoring: 0, propagation: 0 },
    abnormal: [],
    refusedReleases: [],
    stake: null,
  };
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
