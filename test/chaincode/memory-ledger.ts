/**
 * A ledger in memory under the real contracts and fabric-shim's own dispatcher, so that argument counts, the hooks and
 * the serialiser are those of production. As in Fabric, a transaction reads the state before it, never its own writes.
 */
import { JSONSerializer } from 'fabric-contract-api';
import Long from 'long';
import { clock } from '../../chaincode/src/clock.ts';
import { contracts } from '../../chaincode/src/index.ts';
import type { Identity } from './identities.ts';

interface Chaincode {
  Invoke(stub: object): Promise<{ status: number; message: string; payload?: Uint8Array }>;
}
type ChaincodeClass = new (
  classes: object[],
  serializers: object,
  metadata: object,
  title: string,
  version: string,
) => Chaincode;
// Every refusal is an error line otherwise.
process.env['CORE_CHAINCODE_LOGGING_LEVEL'] = 'critical';
const ChaincodeFromContract = jest.requireActual<ChaincodeClass>(
  'fabric-shim/lib/contract-spi/chaincodefromcontract.js',
);

const OK = 200;
const MILLISECONDS = 1000;
/** ChaincodeHeaderExtension of chaincode lamplighter. */
const EXTENSION = new Uint8Array(Buffer.from('\x12\x0d\x12\x0blamplighter'));
export const FIRST_SECOND = 1_795_000_000;

interface Modification {
  readonly txId: string;
  readonly isDelete: boolean;
  readonly value: Uint8Array;
  readonly timestamp: { readonly seconds: number; readonly nanos: number };
}

/** What one execution read, wrote and said. */
export interface Execution {
  readonly status: number;
  readonly message: string;
  readonly payload: string;
  readonly reads: readonly string[];
  /** Range scans and histories: what a transaction that writes must not use. */
  readonly queries: readonly string[];
  /** Hex of each written value, null for a deletion, in the order of writing. */
  readonly writes: readonly (readonly [string, string | null])[];
  readonly event: { readonly name: string; readonly payload: string } | null;
}

export interface CallOptions {
  readonly transient?: ReadonlyMap<string, Uint8Array>;
  /** Seconds since 1970; by default one more than in the transaction before. */
  readonly time?: number;
  /** Seconds since 1970 on the endorser's clock. @default the transaction's time */
  readonly clock?: number;
}

function after(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

type StubOptions = Required<Pick<CallOptions, 'transient' | 'time'>>;

class Stub {
  readonly reads: string[] = [];
  readonly queries: string[] = [];
  readonly writes: [string, string | null][] = [];
  event: { name: string; payload: string } | null = null;
  readonly #ledger: MemoryLedger;
  readonly #identity: Identity;
  readonly #args: readonly string[];
  readonly #options: StubOptions;

  constructor(
    ledger: MemoryLedger,
    identity: Identity,
    args: readonly string[],
    options: StubOptions,
  ) {
    this.#ledger = ledger;
    this.#identity = identity;
    this.#args = args;
    this.#options = options;
  }

  getBufferArgs = (): Buffer[] => this.#args.map((arg) => Buffer.from(arg));
  getFunctionAndParameters = (): object => ({
    fcn: this.#args[0],
    params: this.#args.slice(1),
  });
  getTxID = (): string => 'executing';
  getChannelID = (): string => 'city';
  getCreator = (): object => ({
    mspid: this.#identity.mspId,
    idBytes: Buffer.from(this.#identity.certificate),
  });
  getSignedProposal = (): object => ({
    proposal: { header: { channelHeader: { getExtension_asU8: () => EXTENSION } } },
  });
  getTransient = (): ReadonlyMap<string, Uint8Array> => this.#options.transient;
  getTxTimestamp = (): object => ({
    seconds: Long.fromNumber(this.#options.time, true),
    nanos: 123_456_789,
  });

  getState(key: string): Promise<Uint8Array> {
    this.reads.push(key);
    return Promise.resolve(this.#ledger.state.get(key) ?? new Uint8Array());
  }

  putState(key: string, value: Uint8Array): Promise<void> {
    this.writes.push([key, Buffer.from(value).toString('hex')]);
    return Promise.resolve();
  }

  deleteState(key: string): Promise<void> {
    this.writes.push([key, null]);
    return Promise.resolve();
  }

  setEvent(name: string, payload: Uint8Array): void {
    if (this.event !== null) throw new Error('a transaction has one event');
    this.event = { name, payload: Buffer.from(payload).toString() };
  }

  async *getStateByRange(start: string, end: string): AsyncIterable<object> {
    if (start === '' || end === '') throw new Error('an open-ended range');
    this.queries.push(`${start}..${end}`);
    const keys = [...this.#ledger.state.keys()]
      .filter((key) => after(key, start) >= 0 && after(key, end) < 0)
      .sort(after);
    for (const key of keys) {
      yield await Promise.resolve({ key, value: this.#ledger.state.get(key) });
    }
  }

  async *getHistoryForKey(key: string): AsyncIterable<Modification> {
    this.queries.push(`history of ${key}`);
    for (const entry of this.#ledger.historyOf(key)) yield await Promise.resolve(entry);
  }
}

/** A refused transaction: the text that a client gets. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

export class MemoryLedger {
  readonly state = new Map<string, Uint8Array>();
  readonly events: { name: string; payload: unknown }[] = [];
  readonly #history = new Map<string, Modification[]>();
  readonly #chaincode = new ChaincodeFromContract(
    [...contracts],
    { transaction: 'json', serializers: { json: JSONSerializer } },
    {},
    'lamplighter',
    '1',
  );
  #transactions = 0;

  /** Executes without committing. */
  async execute(
    identity: Identity,
    args: readonly string[],
    options: CallOptions = {},
  ): Promise<Execution> {
    const time = options.time ?? FIRST_SECOND + this.#transactions;
    const transient = options.transient ?? new Map<string, Uint8Array>();
    const stub = new Stub(this, identity, args, { transient, time });
    const now = (options.clock ?? time) * MILLISECONDS;
    clock.now = () => now;
    const { status, message, payload } = await this.#chaincode.Invoke(stub);
    const { reads, queries, writes, event } = stub;
    return {
      status,
      message,
      payload: Buffer.from(payload ?? []).toString(),
      reads,
      queries,
      writes,
      event,
    };
  }

  /** @throws Refusal */
  async submit(
    identity: Identity,
    transaction: string,
    args: readonly string[],
    options: CallOptions = {},
  ): Promise<Execution> {
    const execution = await this.execute(identity, [transaction, ...args], options);
    if (execution.status !== OK) throw new Refusal(execution.message);
    this.#transactions += 1;
    for (const [key, value] of execution.writes) this.#write(key, value, options.time);
    if (execution.event !== null) {
      const { name, payload } = execution.event;
      this.events.push({ name, payload: JSON.parse(payload) });
    }
    return execution;
  }

  /** @throws Refusal */
  async evaluate<T>(
    identity: Identity,
    transaction: string,
    args: readonly string[],
    options: CallOptions = {},
  ): Promise<T> {
    const execution = await this.execute(identity, [transaction, ...args], options);
    if (execution.status !== OK) throw new Refusal(execution.message);
    if (execution.writes.length > 0) throw new Error(`${transaction} is a query that writes`);
    return JSON.parse(execution.payload) as T;
  }

  /** Newest first, as Fabric has it. */
  historyOf(key: string): readonly Modification[] {
    return [...(this.#history.get(key) ?? [])].reverse();
  }

  #write(key: string, hex: string | null, time: number | undefined): void {
    const value = Buffer.from(hex ?? '', 'hex');
    if (hex === null) this.state.delete(key);
    else this.state.set(key, value);
    const entries = this.#history.get(key) ?? [];
    const seconds = time ?? FIRST_SECOND + this.#transactions - 1;
    entries.push({
      txId: `tx-${this.#transactions}`,
      isDelete: hex === null,
      value,
      timestamp: { seconds, nanos: 0 },
    });
    this.#history.set(key, entries);
  }
}

/** The code that a refused call's text starts with; the whole text when there is none. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Refusal) return /^([A-Z_]+): /.exec(error.message)?.[1] ?? error.message;
    throw error;
  }
  return 'accepted';
}
