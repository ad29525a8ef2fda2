/**
 * Metrics in Prometheus' form under Fabric's names (docs metrics_reference). One endpoint serves all nodes of the process, so each
 * has a label `node` more. No label takes a value that a client can make up.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

import type {
  CallFacts,
  CommitFacts,
  EnvelopeFacts,
  NetworkObserver,
  ProposalFacts,
  StreamFacts,
} from '../observer.ts';
import type { Level } from './log-levels.ts';

/** Where the network stands, asked for when somebody reads the metrics. */
export interface Heights {
  /** Number of blocks by full name of the node. */
  heights(): ReadonlyMap<string, number> | Promise<ReadonlyMap<string, number>>;
}

const UNKNOWN = 'unknown';

export class NetworkMetrics implements NetworkObserver {
  readonly registry = new Registry();
  readonly #channel: string;
  readonly #calls: CallMetrics;
  readonly #ledger: LedgerMetrics;
  readonly #endorser: EndorserMetrics;
  readonly #broadcast: BroadcastMetrics;
  readonly #entries: EntryMetrics;

  constructor(channel: string, version: string) {
    const { registry } = this;
    this.#channel = channel;
    this.#calls = callMetrics(registry);
    this.#ledger = ledgerMetrics(registry);
    this.#endorser = endorserMetrics(registry);
    this.#broadcast = broadcastMetrics(registry);
    this.#entries = entryMetrics(registry);
    new Gauge({
      name: 'fabric_version',
      help: 'The active version of the network.',
      labelNames: ['version'],
      registers: [registry],
    }).set({ version }, 1);
  }

  /** To be called once, when the network has started. */
  watch(network: Heights): void {
    const channel = this.#channel;
    const gauge: Gauge = new Gauge({
      name: 'ledger_blockchain_height',
      help: 'Height of the chain in blocks.',
      labelNames: ['channel', 'node'],
      registers: [this.registry],
      collect: async () => {
        for (const [node, height] of await network.heights()) gauge.set({ channel, node }, height);
      },
    });
  }

  call({ node, service, method, code, seconds }: CallFacts): void {
    this.#calls.completed.inc({ node, service, method, code });
    this.#calls.duration.observe({ node, service, method, code }, seconds);
  }

  stream({ node, service, method, phase }: StreamFacts): void {
    const counter = phase === 'opened' ? this.#calls.opened : this.#calls.closed;
    counter.inc({ node, service, method });
  }

  proposal({ node, chaincode = UNKNOWN, outcome, seconds }: ProposalFacts): void {
    const channel = this.#channel;
    const { received, successful, duration, failures } = this.#endorser;
    received.inc({ node });
    if (outcome === 'endorsed') successful.inc({ node });
    else failures[outcome].inc({ node, channel, chaincode });
    duration.observe(
      { node, channel, chaincode, success: String(outcome === 'endorsed') },
      seconds,
    );
  }

  committed({ node, transactions, seconds, commitSeconds }: CommitFacts): void {
    const channel = this.#channel;
    this.#ledger.processing.observe({ node, channel }, seconds);
    this.#ledger.commit.observe({ node, channel }, commitSeconds);
    for (const { type, chaincode = UNKNOWN, code } of transactions) {
      this.#ledger.transactions.inc({
        node,
        channel,
        transaction_type: type,
        chaincode,
        validation_code: code,
      });
    }
  }

  envelope({ status, seconds }: EnvelopeFacts): void {
    const channel = this.#channel;
    this.#broadcast.processed.inc({ channel, status });
    this.#broadcast.validation.observe({ channel, status }, seconds);
  }

  /** A log entry was made. */
  entry(level: Level, written: boolean): void {
    this.#entries.checked.inc({ level });
    if (written) this.#entries.written.inc({ level });
  }
}

type CallMetrics = ReturnType<typeof callMetrics>;
type LedgerMetrics = ReturnType<typeof ledgerMetrics>;
type EndorserMetrics = ReturnType<typeof endorserMetrics>;
type BroadcastMetrics = ReturnType<typeof broadcastMetrics>;
type EntryMetrics = ReturnType<typeof entryMetrics>;

function counter(registry: Registry, name: string, help: string, labelNames: string[]): Counter {
  return new Counter({ name, help, labelNames, registers: [registry] });
}

function histogram(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
): Histogram {
  return new Histogram({ name, help, labelNames, registers: [registry] });
}

function callMetrics(registry: Registry) {
  const labels = ['node', 'service', 'method'];
  return {
    completed: counter(
      registry,
      'grpc_server_unary_requests_completed',
      'The number of unary requests completed.',
      [...labels, 'code'],
    ),
    duration: histogram(
      registry,
      'grpc_server_unary_request_duration',
      'The time to complete a unary request.',
      [...labels, 'code'],
    ),
    opened: counter(
      registry,
      'grpc_server_stream_requests_received',
      'The number of stream requests received.',
      labels,
    ),
    closed: counter(
      registry,
      'grpc_server_stream_requests_completed',
      'The number of stream requests completed.',
      labels,
    ),
  };
}

function ledgerMetrics(registry: Registry) {
  const labels = ['node', 'channel'];
  return {
    processing: histogram(
      registry,
      'ledger_block_processing_time',
      'Time taken in seconds for ledger block processing.',
      labels,
    ),
    commit: histogram(
      registry,
      'ledger_blockstorage_and_pvtdata_commit_time',
      'Time taken in seconds for committing the block to storage and state.',
      labels,
    ),
    transactions: counter(
      registry,
      'ledger_transaction_count',
      'Number of transactions processed.',
      [...labels, 'transaction_type', 'chaincode', 'validation_code'],
    ),
  };
}

function endorserMetrics(registry: Registry) {
  const labels = ['node', 'channel', 'chaincode'];
  const failure = (name: string, help: string): Counter =>
    counter(registry, `endorser_${name}`, help, labels);
  return {
    received: counter(
      registry,
      'endorser_proposals_received',
      'The number of proposals received.',
      ['node'],
    ),
    successful: counter(
      registry,
      'endorser_successful_proposals',
      'The number of successful proposals.',
      ['node'],
    ),
    duration: histogram(
      registry,
      'endorser_proposal_duration',
      'The time to complete a proposal.',
      [...labels, 'success'],
    ),
    failures: {
      'chaincode-error': failure(
        'endorsement_failures',
        'The number of failed endorsements: the contract answered with an error.',
      ),
      'simulation-failed': failure(
        'proposal_simulation_failures',
        'The number of failed proposal simulations.',
      ),
      'access-denied': failure(
        'proposal_acl_failures',
        'The number of proposals that failed ACL checks.',
      ),
      duplicate: failure(
        'duplicate_transaction_failures',
        'The number of failed proposals due to duplicate transaction ID.',
      ),
      malformed: failure(
        'proposal_validation_failures',
        'The number of proposals that have failed initial validation.',
      ),
      busy: failure('proposals_turned_away', 'The number of proposals above the limit at a time.'),
    },
  };
}

function broadcastMetrics(registry: Registry) {
  return {
    processed: counter(
      registry,
      'broadcast_processed_count',
      'The number of transactions processed.',
      ['channel', 'status'],
    ),
    validation: histogram(
      registry,
      'broadcast_validate_duration',
      'The time to validate a transaction in seconds.',
      ['channel', 'status'],
    ),
  };
}

function entryMetrics(registry: Registry) {
  return {
    checked: counter(
      registry,
      'logging_entries_checked',
      'Number of log entries checked against the active logging level.',
      ['level'],
    ),
    written: counter(
      registry,
      'logging_entries_written',
      'Number of log entries that are written.',
      ['level'],
    ),
  };
}
