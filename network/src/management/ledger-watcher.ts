/**
 * Follows the ledger (propagation, steps 1 and 2; design §6 item 4): what stands there at start, then its events from the
 * checkpoint on, each once; a broken stream is taken up again at the block it broke in. The checkpoint moves past a block
 * when all of its events have been dealt with; what is heard again after a crash changes nothing.
 */
import type { ContractEvents, DeviceRecord } from '@lamplighter/chaincode';
import { LedgerError } from '../ledger/ledger-error.ts';
import type { Contracts } from '../ledger/contracts.ts';
import type { LedgerEvent } from '../ledger/ledger.ts';
import { sleep, type Clock } from './clock.ts';
import type { Checkpoint } from './storage/checkpoint.ts';
import type { Supervisor } from './supervise.ts';

/** What the node does about the ledger's news. */
export interface LedgerNews {
  /** A device stands on the ledger as this node's. */
  deviceAssigned(record: DeviceRecord): Promise<void>;
  /** A device is another node's now, or retired. */
  deviceGone(device: string, reason: string): Promise<void>;
  deviceSuspended(device: string): Promise<void>;
  /** All devices that are this node's now: others that it holds went while it was away. */
  devicesPresent(records: readonly DeviceRecord[]): Promise<void>;
  /** A release is approved: `approved` says so of the newest one at start, too. */
  releaseApproved(release: string, model: string): Promise<void>;
  releaseWithdrawn(release: string): void;
  /** The validator set may be another one than before (protocol §7.3). */
  validatorsMoved(): Promise<void>;
  /** True when this node has devices of the model. */
  concerns(model: string): boolean;
}

/** What following needs. */
export interface LedgerWatcherParts {
  /** Own id. */
  readonly id: string;
  readonly contracts: Contracts;
  readonly news: LedgerNews;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly checkpoint: Checkpoint;
}

/** What changes shares, voices or peers' certificates. */
const MOVES_VALIDATORS: ReadonlySet<string> = new Set<keyof ContractEvents>([
  'StakeInitialised',
  'SharesSold',
  'MisconductProven',
  'SharesBurned',
  'BarLifted',
  'SharesReissued',
  'ValidatorsChanged',
]);
/** Names of the events that this node deals with; what later contracts add, and reports, are others' news. */
const CONCERNING: ReadonlySet<string> = new Set<keyof ContractEvents>([
  'DeviceAssigned',
  'DeviceSuspended',
  'DeviceRetired',
  'ReleaseApproved',
  'ReleaseWithdrawn',
  ...(MOVES_VALIDATORS as ReadonlySet<keyof ContractEvents>),
]);
/** Blocks of others' news after which the checkpoint moves all the same. */
const CHECKPOINT_BLOCKS = 64;
const RECONNECT_MS = 1_000;
/** Transactions remembered of the block in which a stream broke. */
const SEEN = 1_024;

/** See the module comment. */
export class LedgerWatcher {
  readonly #parts: LedgerWatcherParts;
  readonly #models = new Set<string>();
  readonly #seen = new Set<string>();
  /** Events being dealt with, by block. */
  readonly #open = new Map<number, number>();
  #nextBlock = 0;
  #hasRead = false;

  constructor(parts: LedgerWatcherParts) {
    this.#parts = parts;
  }

  /**
   * Reads what stands on the ledger; before it has, nothing is followed.
   *
   * @returns whose `taken` settles when every device of the node was taken over, or its failure became an alarm
   * @throws {@link LedgerError} when the ledger cannot be read
   */
  async readPresent(): Promise<{ readonly taken: Promise<unknown> }> {
    const { contracts, supervisor, news, checkpoint } = this.#parts;
    // Before everything else is read: an event after this block is heard, one before is in what is read.
    const { height } = await contracts.ledger.chain();
    const devices = await this.#ownDevices();
    if (devices !== null) await news.devicesPresent(devices);
    this.#nextBlock = Math.min(checkpoint.block ?? height, height);
    this.#hasRead = true;
    supervisor.run(null, () => news.validatorsMoved());
    const taken = Promise.all(
      (devices ?? []).map(async (device) => {
        try {
          await this.#assigned(device);
        } catch (error) {
          supervisor.report(device.id, error);
        }
      }),
    );
    return { taken };
  }

  /** Hears events until the signal is aborted. */
  follow(): void {
    this.#parts.supervisor.run(null, () => this.#follow());
  }

  async #follow(): Promise<void> {
    const { contracts, supervisor, clock, signal } = this.#parts;
    while (!signal.aborted) {
      try {
        if (!this.#hasRead) {
          const { taken } = await this.readPresent();
          supervisor.run(null, async () => {
            await taken;
          });
        }
        const startBlock = this.#nextBlock;
        for await (const event of contracts.ledger.events({ startBlock, signal })) {
          this.#hear(event);
        }
      } catch (error) {
        supervisor.report(null, error);
      }
      await sleep(clock, RECONNECT_MS, signal);
    }
  }

  #hear(event: LedgerEvent): void {
    if (event.blockNumber > this.#nextBlock) this.#seen.clear();
    this.#nextBlock = event.blockNumber;
    if (this.#seen.has(event.transactionId)) return;
    if (this.#seen.size < SEEN) this.#seen.add(event.transactionId);
    if (!CONCERNING.has(event.name)) {
      this.#moveCheckpoint(CHECKPOINT_BLOCKS);
      return;
    }
    const { blockNumber } = event;
    this.#open.set(blockNumber, (this.#open.get(blockNumber) ?? 0) + 1);
    // In order for each device and release, side by side for different ones.
    this.#parts.supervisor.runInTurn(subjectOf(event), async () => {
      try {
        await this.#handle(event);
      } finally {
        this.#dealtWith(blockNumber);
      }
    });
  }

  /** Also when it failed: that was an alarm, and what can be tried again is read from the ledger at the next start. */
  #dealtWith(block: number): void {
    const left = (this.#open.get(block) ?? 1) - 1;
    if (left > 0) this.#open.set(block, left);
    else this.#open.delete(block);
    if (!this.#parts.signal.aborted) this.#moveCheckpoint(1);
  }

  /** @param least blocks that the move must be worth */
  #moveCheckpoint(least: number): void {
    const { checkpoint, supervisor } = this.#parts;
    const block = Math.min(this.#nextBlock, ...this.#open.keys());
    if (block - (checkpoint.block ?? 0) >= least) {
      supervisor.run(null, () => checkpoint.move(block));
    }
  }

  async #handle({ name, payload }: LedgerEvent): Promise<void> {
    const { news } = this.#parts;
    switch (name as keyof ContractEvents) {
      case 'DeviceAssigned':
        await this.#reassigned(parse('DeviceAssigned', payload));
        return;
      case 'DeviceSuspended':
        await news.deviceSuspended(parse('DeviceSuspended', payload).device);
        return;
      case 'DeviceRetired':
        await news.deviceGone(parse('DeviceRetired', payload).device, 'retired');
        return;
      case 'ReleaseApproved': {
        const { release, model } = parse('ReleaseApproved', payload);
        if (news.concerns(model)) await news.releaseApproved(release, model);
        return;
      }
      case 'ReleaseWithdrawn':
        news.releaseWithdrawn(parse('ReleaseWithdrawn', payload).release);
        return;
      default:
        if (MOVES_VALIDATORS.has(name)) await news.validatorsMoved();
    }
  }

  async #reassigned(event: ContractEvents['DeviceAssigned']): Promise<void> {
    const { id, contracts, news } = this.#parts;
    if (event.manager === id) {
      await this.#assigned(await contracts.readDevice(event.device));
    } else if (event.previousManager === id) {
      await news.deviceGone(event.device, `assigned to ${event.manager}`);
    }
  }

  async #assigned(device: DeviceRecord): Promise<void> {
    const { news, contracts } = this.#parts;
    await news.deviceAssigned(device);
    // The first device of a model: what was released before it came is for it, too.
    if (this.#models.has(device.model)) return;
    this.#models.add(device.model);
    const latest = await contracts.latestRelease(device.model);
    if (latest !== undefined) await news.releaseApproved(latest.id, latest.model);
  }

  /** Null when the ledger does not know this node. */
  async #ownDevices(): Promise<readonly DeviceRecord[] | null> {
    const { id, contracts } = this.#parts;
    const devices: DeviceRecord[] = [];
    let bookmark = '';
    do {
      let page;
      try {
        page = await contracts.devicesOf(id, { bookmark });
      } catch (error) {
        // A node that is registered after its start has no devices yet.
        if (error instanceof LedgerError && error.code === 'MANAGER_NOT_FOUND') return null;
        throw error;
      }
      devices.push(...page.items);
      ({ bookmark } = page);
    } while (bookmark !== '');
    return devices;
  }
}

function parse<N extends keyof ContractEvents>(_name: N, payload: Uint8Array): ContractEvents[N] {
  return JSON.parse(Buffer.from(payload).toString('utf8')) as ContractEvents[N];
}

function subjectOf({ name, payload }: LedgerEvent): string {
  const { device, release } = JSON.parse(Buffer.from(payload).toString('utf8')) as {
    readonly device?: string;
    readonly release?: string;
  };
  return device ?? release ?? name;
}
