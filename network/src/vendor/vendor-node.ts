/**
 * The vendor node: makes devices, keeps their secrets and the firmware, publishes and reviews releases, and serves
 * managers over HTTP. Composes the parts of this folder; the ledger client is given and stays its owner's.
 */
import { randomBytes, X509Certificate } from 'node:crypto';
import path from 'node:path';

import type { Manifest, VendorRoots } from '@lamplighter/sdk/wire';

import type { Committed, Contracts, Ledger } from '../ledger/index.ts';
import { AssignmentDesk, type AssignmentFailures } from './assignment-desk.ts';
import { DeviceFactory, type DeviceOrder } from './device-factory.ts';
import type { StoredImage } from './firmware-store.ts';
import { FleetCare, type ManagerStanding, type TakeOver } from './fleet-care.ts';
import { HttpServer } from './http.ts';
import { silentLogger, type VendorLogger } from './logger.ts';
import {
  OperatorApi,
  operatorRoutes,
  orderOf,
  type OperatorActions,
  type ProvisionRequest,
} from './operator-routes.ts';
import { watchOverdue } from './overdue-watch.ts';
import type { Provisioning } from './provisioning.ts';
import { ledgerOf } from './provisioned-ledger.ts';
import { ReleaseDesk, type ReleaseOrder } from './release-desk.ts';
import type { SignedRelease } from './release.ts';
import { RenewalDesk, renewalRoute } from './renewal-desk.ts';
import type { RootsOrder } from './root-keys.ts';
import { resume } from './resumption.ts';
import { withRetries } from './retry.ts';
import { nodeRoutes } from './routes.ts';
import type { RunningTakeOver } from './take-overs.ts';
import { StakeDesk } from './stake-desk.ts';
import { stakeRoutes } from './stake-routes.ts';
import { keepTurns } from './turns.ts';
import { validatorsRoute } from './validators-route.ts';
import { VendorError } from './vendor-error.ts';
import { openParts, TOKEN_FILE, type VendorParts } from './vendor-parts.ts';

export interface VendorNodeOptions {
  /** The vendor's id on the ledger. */
  readonly id: string;
  /** Made at first start; secrets in it are sealed under the master key, but for the operator's token (mode 0600). */
  readonly directory: string;
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** @default 0, a free one */
  readonly port?: number;
  /** As an administrator of the vendor's organisation. */
  readonly ledger: Ledger;
  /**
   * Managers that `provision` spreads devices over when none is named, and that stand by for one another: up to 8
   * endpoints of them are in each assignment. @default []
   */
  readonly managers?: readonly string[];
  /**
   * Hears once of each manager that is gone: most of its devices of this vendor are overdue on the ledger. What it does
   * about that, such as `takeOver`, is its own. @default nobody looks
   */
  readonly onManagerGone?: (standing: ManagerStanding) => void;
  /**
   * Whether it asks for elections and brings its organisation back after a skip: one node of each organisation should.
   *
   * @default false
   */
  readonly keepsTurns?: boolean;
  /** Milliseconds between two looks at overdue devices. @default 60_000 */
  readonly overdueEveryMs?: number;
  /** Closes the node. */
  readonly signal?: AbortSignal;
  readonly logger?: VendorLogger;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** 32 bytes that its secrets are sealed under. @default as `loadMasterKey` finds or makes it */
  readonly masterKey?: Uint8Array;
}

export class VendorNode implements AsyncDisposable {
  readonly id: string;
  /** Ed25519 release key, public, 32 bytes in hex: VendorRecord.signingKey. */
  readonly signingKey: string;
  /** Base URL: VendorRecord.url, and that of the operator's API. */
  readonly url: string;
  /** File with the operator's bearer token, hex. */
  readonly tokenFile: string;
  /** Its organisation's shares and votes. */
  readonly stake: StakeDesk;
  readonly #parts: VendorParts;
  readonly #server: HttpServer;
  readonly #factory: DeviceFactory;
  readonly #care: FleetCare;
  readonly #renewals: RenewalDesk;
  readonly #releases: ReleaseDesk;
  readonly #closing = new AbortController();
  #resuming: Promise<void> = Promise.resolve();
  #watching: Promise<void> = Promise.resolve();
  #turning: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;
  #turn = 0;

  private constructor(parts: VendorParts, server: HttpServer) {
    const { id: vendor, logger = silentLogger } = parts.options;
    this.id = vendor;
    this.url = server.url;
    this.signingKey = Buffer.from(parts.vendorKey).toString('hex');
    this.tokenFile = path.join(path.resolve(parts.options.directory), TOKEN_FILE);
    this.#parts = parts;
    this.#server = server;
    const managers = parts.options.managers ?? [];
    const desk = new AssignmentDesk({ ...parts, vendor, managers });
    this.#factory = new DeviceFactory({ ...parts, vendor, desk, ledger: ledgerOf(parts) });
    this.#care = new FleetCare({ ...parts, vendor, managers, desk });
    const { signal } = this.#closing;
    this.stake = new StakeDesk(parts.contracts.stake, parts.options.ledger.mspId, signal);
    this.#renewals = new RenewalDesk({ ...parts, vendor, desk, signal, logger });
    this.#releases = new ReleaseDesk({ ...parts, vendor, url: server.url });
  }

  /** @throws VendorError ADDRESS_IN_USE, STORE_CORRUPT */
  static async start(options: VendorNodeOptions): Promise<VendorNode> {
    options.signal?.throwIfAborted();
    const parts = await openParts(options);
    // The server's routes need the node, and the node its server's URL.
    const started: { node?: VendorNode } = {};
    const running = (): VendorNode => {
      if (started.node === undefined) throw new VendorError('BUSY', 'the vendor node is starting');
      return started.node;
    };
    const api = new OperatorApi(Buffer.from(parts.token).toString('hex'));
    const server = await HttpServer.listen({
      host: options.host ?? '127.0.0.1',
      port: options.port ?? 0,
      routes: [
        ...nodeRoutes({
          ...parts,
          vendor: options.id,
          randomHex: (bytes) => randomBytes(bytes).toString('hex'),
        }),
        renewalRoute(() => running().#renewals),
        validatorsRoute({ now: parts.now, ledger: ledgerOf(parts) }),
        ...operatorRoutes(api, actionsOf(running)),
        ...stakeRoutes(api, () => running().stake),
      ],
      logger: options.logger ?? silentLogger,
    });
    const node = new VendorNode(parts, server);
    started.node = node;
    node.#resuming = node.#resume();
    node.#watching = node.#watch();
    node.#turning = node.#keepTurns();
    node.#closeOn(options.signal);
    return node;
  }

  get contracts(): Contracts {
    return this.#parts.contracts;
  }

  /** RegisterVendor with this node's URL and release key. @param peers certificates that the organisation's peers endorse with, PEM */
  register(peers: readonly string[]): Promise<Committed> {
    const { id, url, signingKey } = this;
    const peerCertificates = peers.map((pem) => new X509Certificate(pem).raw.toString('hex'));
    const registration = { id, url, signingKey, peerCertificates };
    const signal = this.#signal();
    return withRetries(() => this.contracts.registerVendor(registration, { signal }), signal);
  }

  /** Stores an image to make devices with. @throws VendorError IMAGE_TOO_LARGE */
  addImage(image: Uint8Array): Promise<StoredImage> {
    return this.#parts.store.put(image);
  }

  /** Any number of devices; see {@link DeviceFactory.manufacture}. */
  manufacture(
    orders: readonly DeviceOrder[],
    signal?: AbortSignal,
  ): Promise<readonly Provisioning[]> {
    return this.#factory.manufacture(orders, this.#signal(signal));
  }

  /** Port that is listened on. */
  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Devices whose secrets this node keeps. */
  get devices(): number {
    return this.#parts.secrets.size;
  }

  /** Ids of all devices that this node made. */
  get madeDevices(): readonly string[] {
    return this.#parts.secrets.ids();
  }

  /** See {@link DeviceFactory.reassign}. */
  reassign(ids: readonly string[], signal?: AbortSignal): Promise<readonly Provisioning[]> {
    return this.#factory.reassign(ids, this.#signal(signal));
  }

  /** Provisioning documents of devices made before, as they stand. They hold secrets. */
  documents(ids: readonly string[]): Promise<readonly Provisioning[]> {
    return this.#factory.documents(ids);
  }

  /** Gives devices to another manager. See {@link FleetCare.transfer}. */
  transfer(
    ids: readonly string[],
    manager: string,
    signal?: AbortSignal,
  ): Promise<AssignmentFailures> {
    return this.#care.transfer(ids, manager, this.#signal(signal));
  }

  /** See {@link FleetCare.suspend}. */
  suspend(id: string, reason: string, signal?: AbortSignal): Promise<void> {
    return this.#care.suspend(id, reason, this.#signal(signal));
  }

  /** See {@link FleetCare.retire}. */
  retire(id: string, signal?: AbortSignal): Promise<void> {
    return this.#care.retire(id, this.#signal(signal));
  }

  /** See {@link FleetCare.takeOver}. */
  async takeOver(
    manager: string,
    options: Parameters<FleetCare['takeOver']>[1] = {},
    signal?: AbortSignal,
  ): Promise<TakeOver> {
    return this.beginTakeOver(manager, options, signal).result;
  }

  /** As {@link takeOver}, with its progress. */
  beginTakeOver(
    manager: string,
    options: Parameters<FleetCare['takeOver']>[1] = {},
    signal?: AbortSignal,
  ): RunningTakeOver {
    return this.#care.takeOver(manager, options, this.#signal(signal));
  }

  /** Managers that have overdue devices of this vendor. See {@link FleetCare.standings}. */
  standings(signal?: AbortSignal): Promise<readonly ManagerStanding[]> {
    return this.#care.standings(this.#signal(signal));
  }

  /** One device of a model, from an image at hand. @throws VendorError, LedgerError, ExchangeError */
  async provision(
    request: ProvisionRequest,
    image: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Provisioning> {
    const { model, kind, manager } = request;
    const record = await this.contracts.readModel(model);
    if (record.kind !== kind) {
      throw new VendorError('REQUEST_MALFORMED', `model "${model}" is of kind "${record.kind}"`);
    }
    const stored = await this.addImage(image);
    const order = orderOf(request, stored, manager ?? this.#nextManager());
    const [document] = await this.manufacture([order], signal);
    if (document === undefined) throw new VendorError('INTERNAL', 'no device was made');
    return document;
  }

  /** From now on k of n fresh keys sign; managers tell devices before the next release. See {@link RootKeys.rotate}. */
  rotateRoots(order: RootsOrder): Promise<VendorRoots> {
    return this.#parts.roots.rotate(order);
  }

  /** See {@link ReleaseDesk.publish}. */
  publish(order: ReleaseOrder, signal?: AbortSignal): Promise<SignedRelease> {
    return this.#releases.publish(order, this.#signal(signal));
  }

  /** See {@link ReleaseDesk.review}. */
  review(release: string, signal?: AbortSignal): Promise<Manifest> {
    return this.#releases.review(release, this.#signal(signal));
  }

  /** Reviews another vendor's release, then approves it. See {@link ReleaseDesk.approve}. */
  approve(release: string, signal?: AbortSignal): Promise<void> {
    return this.#releases.approve(release, this.#signal(signal));
  }

  /** Resolves when what an earlier run broke off is finished, or the node was closed. */
  resumed(): Promise<void> {
    return this.#resuming;
  }

  /** Records the transmissions that wait, so that they can be read back. */
  flush(): Promise<void> {
    return this.#parts.transmissions.flush();
  }

  /** Ends the server, then records what waits. The ledger stays open. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#closing.abort(new VendorError('CLOSED', 'the vendor node was closed'));
    await this.#server.close();
    await this.#resuming;
    await this.#watching;
    await this.#turning;
    await this.#renewals.settled();
    await this.#parts.transmissions.close();
  }

  #resume(): Promise<void> {
    const { published, secrets } = this.#parts;
    // What this run begins is its own business.
    const releases = published.pending().map(({ id }) => id);
    const devices = secrets.unfinished().map(({ id }) => id);
    return resume({
      work: async (signal) =>
        new Map([
          ...(await this.#releases.resume(releases, signal)),
          ...(await this.#factory.resume(devices, signal)),
        ]),
      signal: this.#closing.signal,
      logger: this.#parts.options.logger ?? silentLogger,
    });
  }

  async #watch(): Promise<void> {
    const { onManagerGone: onGone, overdueEveryMs: everyMs = 60_000, logger } = this.#parts.options;
    if (onGone === undefined) return;
    const standings = (signal: AbortSignal): ReturnType<FleetCare['standings']> =>
      this.#care.standings(signal);
    const signal = this.#closing.signal;
    await watchOverdue({ standings, onGone, everyMs, signal, logger: logger ?? silentLogger });
  }

  async #keepTurns(): Promise<void> {
    const { options, contracts, now } = this.#parts;
    if (options.keepsTurns !== true) return;
    const logger = options.logger ?? silentLogger;
    const { mspId } = options.ledger;
    const { signal } = this.#closing;
    await keepTurns({ stake: contracts.stake, mspId, signal, logger, now });
  }

  #closeOn(signal: AbortSignal | undefined): void {
    const onAbort = (): void => {
      this.close().catch((error: unknown) => {
        (this.#parts.options.logger ?? silentLogger).warn({ error }, 'vendor node did not close');
      });
    };
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  }

  #signal(signal?: AbortSignal): AbortSignal {
    const closing = this.#closing.signal;
    return signal === undefined ? closing : AbortSignal.any([signal, closing]);
  }

  #nextManager(): string {
    const managers = this.#parts.options.managers ?? [];
    const manager = managers[this.#turn % Math.max(1, managers.length)];
    if (manager === undefined)
      throw new VendorError('REQUEST_MALFORMED', '"manager": expected one');
    this.#turn += 1;
    return manager;
  }
}

function actionsOf(node: () => VendorNode): OperatorActions {
  return {
    provision: async (...request) => node().provision(...request),
    transfer: async (device, manager, signal) => {
      const failures = await node().transfer([device], manager, signal);
      for (const error of failures.values()) throw error;
    },
    suspend: async (...request) => node().suspend(...request),
    retire: async (...request) => node().retire(...request),
    rotateRoots: async (order) => node().rotateRoots(order),
    // Goes on when the asker has no more patience: half a take-over helps nobody.
    takeOver: (manager, options) => node().beginTakeOver(manager, options),
  };
}
