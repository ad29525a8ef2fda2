/** A whole city on this machine: starts the parts in order, tells what happens, and ends them the other way round. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Closers } from '../../closers.ts';
import type { BlockCounts } from '../../embedded/index.ts';
import { Contracts, type StakeStatus } from '../../ledger/index.ts';
import type { ManagementEvent } from '../../management/index.ts';
import type { OperatorError } from '../errors.ts';
import { type OperatorEntry, writeOperatorFile } from '../operator-file.ts';
import { networkFolder } from '../network/running-file.ts';
import { Fleet } from '../processes/fleet.ts';
import { requirements, type Requirement, type ShowcaseReleases } from './acceptance.ts';
import type { Engine, StakeRule } from './engine.ts';
import { provisionDevices } from './devices.ts';
import { reached } from './found-stake.ts';
import { Journal, lineOf } from './journal.ts';
import { LedgerSide } from './ledger-side.ts';
import {
  settledDevices,
  startManagers,
  startMirror,
  startVendors,
  type Managers,
  type Vendors,
} from './nodes.ts';
import { planDevices, VENDORS } from './plan.ts';
import { readBack, type ReadBack } from './read-back.ts';
import { Showcase } from './showcase.ts';
import { StakeWatch } from './stake-watch.ts';
import type { TamperingMirror } from './tampering-mirror.ts';

export interface CityOptions {
  /** Absolute path of the state directory. */
  readonly directory: string;
  readonly devices: number;
  readonly engine: Engine;
  /** Lines worth reading, one call a line. */
  readonly print: (line: string) => void;
  /** A part ended by itself: the city can not go on. */
  readonly onFailure: (error: OperatorError) => void;
}

export class City implements AsyncDisposable {
  readonly journal = new Journal();
  readonly #options: CityOptions;
  readonly #closers = new Closers();
  readonly #names = new Map<string, string>();
  #parts: Parts | undefined;
  #releases: ShowcaseReleases | undefined;

  private constructor(options: CityOptions) {
    this.#options = options;
  }

  static async start(options: CityOptions): Promise<City> {
    const city = new City(options);
    try {
      await city.#start();
    } catch (error) {
      await city.close();
      throw error;
    }
    return city;
  }

  /** Publishes the demonstration's releases, unless an earlier run on this directory did. */
  async showcaseOnce(): Promise<void> {
    const { vendors, mirror, contracts } = this.#started;
    if (await this.#nameReleases(contracts)) return;
    const showcase = new Showcase(vendors, this.journal, this.#names, mirror.url);
    this.#releases = await showcase.run();
  }

  /** Learns the version texts of an earlier run's releases. @returns whether there are any */
  async #nameReleases(contracts: Contracts): Promise<boolean> {
    const models = VENDORS.flatMap((vendor) => vendor.models);
    const found = await Promise.all(models.map((model) => contracts.latestRelease(model.id)));
    for (const release of found) {
      if (release !== undefined) this.#names.set(release.id, release.firmware.version);
    }
    return this.#names.size > 0;
  }

  requirements(): readonly Requirement[] {
    return requirements(this.journal, this.#releases, this.#started.stake);
  }

  /** Waits until every report taken so far stands on the ledger, then reads all of it back. */
  async readBack(): Promise<ReadBack> {
    const { managers, contracts } = this.#started;
    await Promise.all([...managers.values()].map((manager) => manager.reported()));
    return readBack(contracts, this.journal.devices);
  }

  /** What each device itself says it runs. */
  deviceVersions(): Promise<Readonly<Record<string, string>>> {
    return this.#started.fleet.versions();
  }

  /** How stake stands; undefined while the city starts. */
  get stake(): StakeStatus | undefined {
    return this.#parts?.stake.status;
  }

  /** What sees to it that stake decides; undefined while the city starts. */
  get rule(): StakeRule | undefined {
    return this.#parts?.ledger.network.rule;
  }

  /** As the first organisation's peer counts. */
  blocks(): Promise<BlockCounts> {
    return this.#started.ledger.network.blocks();
  }

  close(): Promise<void> {
    return this.#closers.closeAll();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #started(): Parts {
    if (this.#parts === undefined) throw new TypeError('the city has not started');
    return this.#parts;
  }

  async #start(): Promise<void> {
    const { directory, print, onFailure } = this.#options;
    const plans = planDevices(this.#options.devices);
    const closers = this.#closers;
    const ledger = await LedgerSide.start({
      folder: networkFolder(directory),
      kind: 'city',
      engine: this.#options.engine,
      closers,
      print,
      onUnexpectedEnd: onFailure,
    });
    print(`ledger: ${ledger.network.words}, contracts ready`);
    const stake = await this.#watchStake(ledger);

    const ports = readPorts(directory);
    const onManagerGone = (vendor: string, manager: string): void => {
      // While the city starts, everything is overdue since its last end.
      if (this.#parts === undefined) return;
      print(
        `${vendor}: most devices of ${manager} are overdue; give them to another with: ` +
          `npx lamplighter gateway take-over ${manager} --directory ${directory}`,
      );
    };
    const nodes = {
      directory,
      ledger,
      closers,
      ports,
      onEvent: this.#take.bind(this),
      onManagerGone,
      onFault: (error: unknown) => {
        print(String(error));
      },
    };
    const vendors = await startVendors(nodes);
    const mirror = await startMirror(nodes, vendors);
    const managers = await startManagers(nodes);
    writePorts(directory, [...vendors.values(), ...managers.values(), mirror]);
    print(`nodes: ${[...vendors.keys(), ...managers.keys()].join(', ')}`);

    const settled = settledDevices(managers, ports);
    const devices = join(directory, 'devices');
    const provisioned = await provisionDevices(plans, vendors, devices, settled);
    for (const { subject, version } of provisioned) this.journal.add(subject, version);
    const fleet = await Fleet.start(
      provisioned.map((each) => each.start),
      onFailure,
    );
    closers.add(() => fleet.close());
    writeOperatorFile(directory, operatorEntries(vendors));
    closers.add(() => {
      writeOperatorFile(directory, []);
      return Promise.resolve();
    });
    print(`devices: ${provisioned.length}, in a process of their own`);

    this.#parts = {
      ledger,
      vendors,
      managers,
      fleet,
      mirror,
      stake,
      contracts: await readerOf(ledger),
    };
  }

  async #watchStake(ledger: LedgerSide): Promise<StakeWatch> {
    const stake = await StakeWatch.start({
      contracts: await readerOf(ledger),
      startBlock: (await ledger.network.blocks()).height,
      print: this.#options.print,
      onShares: (block) => applyStake(ledger, block),
    });
    this.#closers.add(() => stake.close());
    return stake;
  }

  /** A device that is not of the demonstration was provisioned. */
  async #welcome(id: string): Promise<void> {
    // The demonstration's own devices are added by their vendors before there is a reader.
    if (this.#parts === undefined) return;
    const { kind, vendor, model, assignment, firmware } =
      await this.#parts.contracts.readDevice(id);
    const manager = assignment?.manager ?? '';
    this.journal.add({ id, kind, vendor, model, manager, tampered: false }, firmware.version);
    this.#options.print(`${id} (${model} of ${vendor}) joined at ${manager}`);
  }

  #take(event: ManagementEvent): void {
    if (event.type === 'device-added' && !this.journal.has(event.device)) {
      this.#welcome(event.device).catch((error: unknown) => {
        this.#options.print(
          `${event.device} joined, but its record can not be read: ${String(error)}`,
        );
      });
    }
    const versionOf = (release: string): string => this.#names.get(release) ?? release.slice(0, 12);
    this.journal.take(event, versionOf);
    const line = lineOf(event, versionOf);
    if (line !== undefined) this.#options.print(line);
  }
}

/** The rule is read from the first organisation's peer: it must have what changed. */
async function applyStake(side: LedgerSide, block: number): Promise<readonly string[]> {
  const [{ mspId }] = VENDORS;
  const { ledger } = await side.connect(mspId, 'Admin', 'admin');
  await reached(ledger, mspId, block);
  return side.network.rule.apply();
}

function operatorEntries(vendors: Vendors): readonly OperatorEntry[] {
  return VENDORS.flatMap((plan) => {
    const node = vendors.get(plan.id);
    const models = plan.models.map((model) => model.id);
    return node === undefined
      ? []
      : [{ vendor: plan.id, mspId: plan.mspId, models, url: node.url, tokenFile: node.tokenFile }];
  });
}

interface Parts {
  readonly ledger: LedgerSide;
  readonly vendors: Vendors;
  readonly managers: Managers;
  readonly fleet: Fleet;
  readonly mirror: TamperingMirror;
  readonly stake: StakeWatch;
  /** As {@link readerOf} says. */
  readonly contracts: Contracts;
}

/** As a client of an organisation without a management node. */
async function readerOf(ledger: LedgerSide): Promise<Contracts> {
  return new Contracts((await ledger.connect('MeridianMSP', 'auditor', 'client')).ledger);
}

const PORTS = 'ports.json';

/** Ports of the last run by node id; devices of other makes, and releases on the ledger, name them. */
function readPorts(directory: string): Readonly<Record<string, number>> {
  try {
    return JSON.parse(readFileSync(join(directory, PORTS), 'utf8')) as Record<string, number>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

function writePorts(
  directory: string,
  nodes: readonly { readonly id: string; readonly port: number }[],
): void {
  const ports = Object.fromEntries(nodes.map(({ id, port }) => [id, port]));
  writeFileSync(join(directory, PORTS), `${JSON.stringify(ports)}\n`);
}
