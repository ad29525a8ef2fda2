/** Where a node keeps its state: in memory for tests, or in `state/` of its directory, sealed under the master key. */
import path from 'node:path';
import { AtRestError } from '../../at-rest/errors.ts';
import { Sealer } from '../../at-rest/sealer.ts';
import type { Clock } from '../clock.ts';
import type { DeviceDatabase } from '../device-database.ts';
import type { EventSink } from '../events.ts';
import { durableOutboxParts, newLedgerOutbox, type LedgerOutboxParts } from '../ledger-outbox.ts';
import { ManagementError } from '../management-error.ts';
import { MemoryDeviceDatabase } from '../memory-device-database.ts';
import type { Outbox } from '../outbox.ts';
import { Partings } from '../partings.ts';
import { MEMORY_VALIDATORS, type ValidatorStore } from '../proofs/validator-chain.ts';
import { describe } from '../supervise.ts';
import { DurableCheckpoint, MemoryCheckpoint, type Checkpoint } from './checkpoint.ts';
import { DurableDeviceDatabase } from './durable-device-database.ts';
import { DurableOutbox } from './durable-outbox.ts';
import { openPartings } from './durable-partings.ts';
import { openValidators } from './durable-validators.ts';
import { DurableWriter, type StorageState } from './durable-writer.ts';
import type { KeyValueStore } from './key-value-store.ts';
import { LevelStore } from './level-store.ts';
import { SealedStore } from './sealed-store.ts';

/** Which storage a node has. */
export type StorageOption =
  /** Everything is gone when the node ends: for tests and trials. */
  | { readonly kind: 'memory' }
  | {
      readonly kind: 'disk';
      /** 32 bytes; see `loadMasterKey`. */
      readonly masterKey: Uint8Array;
      /** Opens the store. @default LevelDB in `state/` of the node's directory */
      readonly open?: (directory: string) => Promise<KeyValueStore>;
    };

/** An opened storage. */
export interface NodeStorage {
  readonly database: DeviceDatabase;
  readonly partings: Partings;
  readonly outbox: Outbox;
  readonly checkpoint: Checkpoint;
  readonly validators: ValidatorStore;
  readonly state: StorageState;
  /** After the outbox was closed. */
  close(): Promise<void>;
}

/** What storages work with. */
export interface NodeStorageParts extends LedgerOutboxParts {
  /** Id of the node. */
  readonly id: string;
  readonly directory: string;
}

const FORMAT = 'lamplighter.management.v1';
const FORMAT_KEY = 'meta/format';
const CHECK_KEY = 'meta/check';

/**
 * @throws {@link ManagementError} DIRECTORY_IN_USE, DIRECTORY_FOREIGN, STORAGE_VERSION, STORAGE_DAMAGED, STORAGE_FULL,
 *   STORAGE_FAILED; AtRestError MASTER_KEY_WRONG; RangeError for a master key of a wrong length
 */
export async function openStorage(
  option: StorageOption,
  parts: NodeStorageParts,
): Promise<NodeStorage> {
  if (option.kind === 'memory') return memoryStorage(parts);
  const sealer = new Sealer(option.masterKey, parts.id);
  const raw = await (option.open ?? LevelStore.open)(path.join(parts.directory, 'state'));
  try {
    await checkOwner(raw, parts.id, sealer);
    return await diskStorage(new SealedStore(raw, sealer), parts);
  } catch (error) {
    await raw.close();
    throw error;
  }
}

function memoryStorage(parts: NodeStorageParts): NodeStorage {
  return {
    database: new MemoryDeviceDatabase(),
    partings: new Partings(),
    outbox: newLedgerOutbox(parts),
    checkpoint: new MemoryCheckpoint(),
    validators: MEMORY_VALIDATORS,
    state: { state: 'ready' },
    close: () => Promise.resolve(),
  };
}

async function diskStorage(store: KeyValueStore, parts: NodeStorageParts): Promise<NodeStorage> {
  const { clock, events } = parts;
  const writer = newWriter(store, clock, events);
  const onFailure = (error: unknown): void => {
    events.emit({ type: 'alarm', device: null, ...describe(error) });
  };
  const database = await DurableDeviceDatabase.open({ store, writer, onFailure });
  const partings = await openPartings(store, writer, onFailure);
  const checkpoint = await DurableCheckpoint.open(store, writer);
  const validators = await openValidators(store, writer);
  const outbox = await DurableOutbox.open({ store, writer, ...durableOutboxParts(parts) });
  return {
    database,
    partings,
    outbox,
    checkpoint,
    validators,
    get state() {
      return writer.state;
    },
    close: () => writer.close(),
  };
}

function newWriter(store: KeyValueStore, clock: Clock, events: EventSink): DurableWriter {
  return new DurableWriter({
    store,
    clock,
    onState: (state) => {
      events.emit({ type: 'storage', reason: '', ...state });
    },
  });
}

/** An empty store becomes this node's; another must be of this version, this node and this master key. */
async function checkOwner(raw: KeyValueStore, id: string, sealer: Sealer): Promise<void> {
  const meta = new Map<string, Uint8Array>();
  for await (const [key, value] of raw.entries('meta/')) meta.set(key, value);
  const format = meta.get(FORMAT_KEY);
  if (format === undefined) {
    const text = new Uint8Array(Buffer.from(`${FORMAT} ${id}`));
    await raw.write([
      { key: FORMAT_KEY, value: text },
      { key: CHECK_KEY, value: sealer.seal(CHECK_KEY, text) },
    ]);
    return;
  }
  checkFormat(Buffer.from(format).toString('utf8'), id);
  try {
    sealer.open(CHECK_KEY, meta.get(CHECK_KEY) ?? new Uint8Array(0));
  } catch (error) {
    const text = `the state of ${id} was sealed under another master key than the one given`;
    throw new AtRestError('MASTER_KEY_WRONG', text, { cause: error });
  }
}

function checkFormat(found: string, id: string): void {
  const [format = '', owner = ''] = found.split(' ');
  if (format !== FORMAT) {
    throw new ManagementError(
      'STORAGE_VERSION',
      `the state was written as ${format}, this version reads ${FORMAT}`,
    );
  }
  if (owner !== id) {
    throw new ManagementError(
      'DIRECTORY_FOREIGN',
      `expected the state of ${id}, the directory has that of ${owner}`,
    );
  }
}
