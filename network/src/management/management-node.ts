/**
 * The management node (design §1, §8): gateway between devices and ledger. This file wires its parts together and ends
 * them in order; each part has its own file.
 */
import path from 'node:path';
import { CloseCode, toHex } from '@lamplighter/sdk/wire';
import { Contracts } from '../ledger/contracts.ts';
import { useNodeAlgorithms } from '../node-algorithms.ts';
import { AnchorService } from './anchors.ts';
import { Assignments } from './assignments.ts';
import { systemClock, type Clock } from './clock.ts';
import { Deliveries } from './deliveries.ts';
import type { DeviceDatabase } from './device-database.ts';
import { listenForDevices } from './device-gateway.ts';
import { EventStream } from './event-stream.ts';
import type { EventListener, ManagementEvent } from './events.ts';
import { ExpectedImages } from './expected-images.ts';
import { Farewells } from './farewells.ts';
import type { GatewayServer } from './gateway-server.ts';
import { ImageCache } from './image-cache.ts';
import { isLedgerAway } from './ledger-failures.ts';
import { LedgerWatcher } from './ledger-watcher.ts';
import { ManagementError } from './management-error.ts';
import { checkOptions, type ManagementNodeOptions } from './management-options.ts';
import { Monitoring } from './monitoring.ts';
import { NodeNews } from './node-news.ts';
import type { Outbox } from './outbox.ts';
import { proofsOf } from './proofs/proof-parts.ts';
import type { ValidatorChain } from './proofs/validator-chain.ts';
import { Pushes } from './pushes.ts';
import { RootPushes } from './root-pushes.ts';
import { systemRandom, type RandomSource } from './random.ts';
import { ReleaseAdmission } from './release-admission.ts';
import { ReleaseStore } from './release-store.ts';
import { Renewals } from './renewals.ts';
import { ReportConflicts } from './report-conflicts.ts';
import { Schedule } from './schedule.ts';
import { SessionController } from './session-controller.ts';
import { SessionTable } from './session-table.ts';
import type { StorageState } from './storage/durable-writer.ts';
import { openStorage, type NodeStorage } from './storage/node-storage.ts';
import { StatusReports } from './status-reports.ts';
import { Supervisor } from './supervise.ts';
import { Trees } from './trees.ts';
import { Updates } from './updates.ts';
import { VendorGateway } from './vendor-gateway.ts';

/** How long a start waits for the hand-overs of its devices. */
const START_GRACE_MS = 5_000;

/** A running management node. */
export class ManagementNode implements AsyncDisposable {
  readonly id: string;
  readonly #ending = new AbortController();
  readonly #events: EventStream;
  readonly #supervisor: Supervisor;
  readonly #storage: NodeStorage;
  readonly #database: DeviceDatabase;
  readonly #schedule: Schedule;
  readonly #outbox: Outbox;
  readonly #sessions = new SessionTable();
  #trees: Trees | null = null;
  #server: GatewayServer | null = null;
  #closed: Promise<void> | null = null;

  private constructor(options: ManagementNodeOptions, parts: BaseParts, storage: NodeStorage) {
    this.id = options.id;
    this.#events = parts.events;
    this.#supervisor = new Supervisor(parts.events);
    this.#storage = storage;
    this.#database = storage.database;
    this.#schedule = new Schedule({ clock: parts.clock });
    this.#outbox = storage.outbox;
  }

  /**
   * Takes up its state, reads its devices and releases from the ledger, then listens for devices and vendors. With devices
   * on the disk it begins without the ledger, and reads it as soon as it is there.
   *
   * @throws {@link ManagementError} ADDRESS_IN_USE, and as `openStorage`; {@link LedgerError} when the ledger cannot be
   *   read; RangeError for keys of a wrong length or a ledger identity of another organisation
   */
  static async start(options: ManagementNodeOptions): Promise<ManagementNode> {
    options.signal?.throwIfAborted();
    checkOptions(options);
    useNodeAlgorithms();
    const parts = baseParts(options);
    const known: { conflicts?: ReportConflicts } = {};
    const storage = await openStorage(options.storage ?? { kind: 'memory' }, {
      ...parts,
      onConflict: (entry) => known.conflicts?.settle(entry),
      id: options.id,
      directory: options.directory,
    });
    const node = new ManagementNode(options, parts, storage);
    const supervisor = node.#supervisor;
    known.conflicts = new ReportConflicts({ ...parts, ...storage, supervisor });
    try {
      await node.#start(options, parts);
    } catch (error) {
      await node.close();
      throw error;
    }
    options.signal?.addEventListener('abort', () => void node.close(), { once: true });
    return node;
  }

  /** Port that is listened on. */
  get port(): number {
    return this.#server?.port ?? 0;
  }

  /**
   * Public key of the node's tree, 52 bytes, for its registration on the ledger (protocol §3.3, mauth 3); null without a
   * `treeMaster`. `tree-renewed` tells of the next one.
   */
  get treeKey(): Uint8Array | null {
    return this.#trees?.newest ?? null;
  }

  /** Devices that are this node's. */
  get devices(): readonly string[] {
    return this.#database.ids();
  }

  /** Devices that are connected now. */
  get connected(): number {
    return this.#sessions.size;
  }

  /** Reports on their way to the ledger. */
  get pendingReports(): number {
    return this.#outbox.pending;
  }

  /** How the disk is that holds this node's state; while it is not ready, monitoring stands still. */
  get storage(): StorageState {
    return this.#storage.state;
  }

  /** Calls `listener` with every event from now on; the returned function ends that. */
  on(listener: EventListener): () => void {
    return this.#events.on(listener);
  }

  /** Events from now on, until the node has closed. */
  events(): AsyncIterable<ManagementEvent> {
    return this.#events.read();
  }

  /** Resolves when every report taken so far stands on the ledger. */
  reported(): Promise<void> {
    return this.#outbox.drained();
  }

  /** Ends sessions, timers and requests; reports that are not on the ledger yet stay on the disk, if there is one. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #start(options: ManagementNodeOptions, base: BaseParts): Promise<void> {
    const { clock, events, contracts } = base;
    const signal = this.#ending.signal;
    const supervisor = this.#supervisor;
    const cache = await ImageCache.open({
      directory: path.join(options.directory, 'images'),
      ...(options.imageBytes === undefined ? {} : { maximumBytes: options.imageBytes }),
    });
    const vendors = new VendorGateway(options.id, options.keys, signal);
    const images = new ExpectedImages(cache, vendors, contracts);
    const controller = this.#protocols(options, base, { vendors, images });
    const { chainMaster, signature: signatureKey } = options.keys;
    const shared = { id: options.id, signatureKey, chainMaster, contracts, clock };
    const { chainLength } = options;
    const chains = chainLength === undefined ? {} : { chainLength };
    const assignments = new Assignments({
      ...shared,
      database: this.#database,
      vendors,
      events,
      signal,
    });
    const { checkpoint, partings } = this.#storage;
    const leaving = { partings, pushes: controller.pushes, schedule: this.#schedule, supervisor };
    const news = new NodeNews({
      ...controller,
      assignments,
      farewells: new Farewells({ ...shared, ...leaving, vendors }),
      database: this.#database,
      sessions: this.#sessions,
      events,
      schedule: this.#schedule,
      supervisor,
    });
    const watcher = new LedgerWatcher({ ...shared, news, supervisor, signal, checkpoint });
    this.#trees = await this.#openTrees(options, events);
    news.takeUp();
    await this.#readPresent(watcher, clock);
    this.#server = await listenForDevices({
      options,
      ...base,
      database: this.#database,
      partings,
      trees: this.#trees,
      host: controller.sessions,
      anchors: new AnchorService({ ...shared, ...chains }),
      renewals: new Renewals({
        ...shared,
        database: this.#database,
        vendors,
        events,
        supervisor,
        signal,
      }),
      supervisor,
    });
    watcher.follow();
  }

  async #openTrees(
    { directory, lmsType, keys: { treeMaster: master } }: ManagementNodeOptions,
    events: EventStream,
  ): Promise<Trees | null> {
    if (master === undefined) return null;
    return Trees.open({
      directory: path.join(directory, 'trees'),
      master,
      ...(lmsType === undefined ? {} : { lmsType }),
      onRenewed: (treeKey) => {
        events.emit({ type: 'tree-renewed', treeKey: toHex(treeKey) });
      },
      onFault: (error) => {
        this.#supervisor.report(null, error);
      },
    });
  }

  /** What is on the disk is served without the ledger; the watcher goes on asking for it. */
  async #readPresent(watcher: LedgerWatcher, clock: Clock): Promise<void> {
    try {
      const { taken } = await watcher.readPresent();
      // Devices that dial before they are taken over are refused; one vendor that is away must not shut out all others.
      await firstOf(taken, clock, START_GRACE_MS);
    } catch (error) {
      if (this.#database.size === 0 || !isLedgerAway(error)) throw error;
      this.#supervisor.report(null, error);
    }
  }

  #protocols(
    options: ManagementNodeOptions,
    { clock, random, events, contracts }: BaseParts,
    { vendors, images }: { readonly vendors: VendorGateway; readonly images: ExpectedImages },
  ): {
    readonly sessions: SessionController;
    readonly monitoring: Monitoring;
    readonly updates: Updates;
    readonly pushes: Pushes;
    readonly admission: ReleaseAdmission;
    readonly validators: ValidatorChain | null;
  } {
    const database = this.#database;
    const outbox = this.#outbox;
    const supervisor = this.#supervisor;
    const sessions = this.#sessions;
    const reports = new StatusReports({ database, outbox, events, clock });
    const releases = new ReleaseStore({
      random,
      imageOf: ({ record }) => images.image(record.vendor, record.firmware, record.url),
    });
    const signal = this.#ending.signal;
    const admission = new ReleaseAdmission({
      contracts,
      images,
      store: releases,
      events,
      clock,
      signal,
    });
    const concurrency = options.deliveries === undefined ? {} : { concurrency: options.deliveries };
    const store = this.#storage.validators;
    const node = proofsOf({
      contracts,
      admission,
      vendors,
      deliveries: () => deliveries,
      store,
      clock,
      signal,
    });
    const proofs = node?.devices ?? null;
    const deliveries: Deliveries = new Deliveries({
      contracts,
      vendors,
      releases,
      supervisor,
      shared: (sha256) => proofs?.link(sha256),
      ...concurrency,
    });
    const monitoring = new Monitoring({
      id: options.id,
      signatureKey: options.keys.signature,
      database,
      schedule: this.#schedule,
      sessions,
      images,
      reports,
      events,
      supervisor,
      clock,
      random,
      storage: this.#storage,
      intervals: options.intervals ?? {},
      mode: options.mode ?? 'proof',
    });
    const pushes = new Pushes({ deliveries, schedule: this.#schedule, events });
    const roots = new RootPushes({ contracts, vendors, pushes, events });
    const updates = new Updates({
      database,
      contracts,
      vendors,
      releases,
      admission,
      deliveries,
      reports,
      outbox,
      proofs,
      roots,
      events,
      clock,
    });
    const parts = { sessions, monitoring, updates, deliveries, proofs, pushes, events, supervisor };
    const validators = node?.validators ?? null;
    return {
      sessions: new SessionController(parts),
      monitoring,
      updates,
      pushes,
      admission,
      validators,
    };
  }

  async #close(): Promise<void> {
    this.#ending.abort(new ManagementError('CLOSED', 'the management node was closed'));
    this.#schedule[Symbol.dispose]();
    await this.#server?.close(CloseCode.done);
    await this.#outbox.close();
    await this.#supervisor.settled();
    this.#schedule[Symbol.dispose]();
    await this.#database[Symbol.asyncDispose]();
    await this.#trees?.close();
    await this.#storage.close();
    this.#events.close();
  }
}

/** Resolves when `work` has, or after some milliseconds. */
async function firstOf(work: Promise<unknown>, clock: Clock, milliseconds: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = clock.after(milliseconds, resolve);
    void work.then(() => {
      timer.cancel();
      resolve();
    });
  });
}

interface BaseParts {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly events: EventStream;
  readonly contracts: Contracts;
}

function baseParts(options: ManagementNodeOptions): BaseParts {
  const clock = options.clock ?? systemClock;
  const events = new EventStream({ clock });
  if (options.onEvent !== undefined) events.on(options.onEvent);
  const { logger } = options;
  if (logger !== undefined) {
    events.on((event) => {
      logger[isWarning(event) ? 'warn' : 'info'](event, event.type);
    });
  }
  const random = options.random ?? systemRandom;
  return { clock, random, events, contracts: new Contracts(options.ledger) };
}

function isWarning(event: ManagementEvent): boolean {
  if (event.type === 'storage') return event.state !== 'ready';
  return event.type === 'alarm' || event.type === 'release-refused';
}
