/** What a network is watched with: its log, its metrics and the operations endpoint. */
import { collectDefaultMetrics } from 'prom-client';
import { join } from 'node:path';
import type { Closers } from '../../closers.ts';
import { newLogs, type Logs } from '../../embedded/operations/logs.ts';
import { NetworkMetrics } from '../../embedded/operations/metrics.ts';
import {
  startOperations,
  type OperationsServer,
} from '../../embedded/operations/operations-server.ts';
import { assignPorts } from '../../membership/ports.ts';
import type { LedgerEngine } from '../city/engine.ts';
import { LogFile } from './log-file.ts';

const HOST = '127.0.0.1';
/** Key in the network's `ports.json`. */
const PORT_NAME = 'operations';
const LOG_SPEC = 'info';

/** What can be asked of a network while it runs. */
export type Watched = Pick<LedgerEngine, 'heights' | 'failedChecks'>;

export interface OperationsFacts {
  readonly network: Watched;
  readonly version: string;
  readonly instance: string;
}

export class Instruments implements Disposable {
  readonly metrics: NetworkMetrics;
  readonly logs: Logs;
  readonly #folder: string;
  readonly #file: LogFile;
  readonly #onCrash: (error: Error) => void;

  /** @param folder of the network; it exists */
  constructor(folder: string, channel: string, version: string) {
    this.#folder = folder;
    this.#file = new LogFile(join(folder, 'network.log'));
    this.metrics = new NetworkMetrics(channel, version);
    const { metrics } = this;
    this.logs = newLogs(LOG_SPEC, this.#file, (level, written) => {
      metrics.entry(level, written);
    });
    const { logger } = this.logs;
    // A process in the background has nowhere else to say what ended it.
    this.#onCrash = (error) => {
      logger.error({ stack: error.stack }, 'the process ends by an error');
    };
    process.on('uncaughtExceptionMonitor', this.#onCrash);
  }

  get logFile(): string {
    return this.#file.path;
  }

  /** Serves the operations endpoint, at the same port at every start. @throws EmbeddedError PORT_TAKEN */
  async serve(facts: OperationsFacts, closers: Closers): Promise<OperationsServer> {
    const { network, version, instance } = facts;
    this.metrics.watch(network);
    collectDefaultMetrics({ register: this.metrics.registry });
    const ports = await assignPorts(this.#folder, HOST, [PORT_NAME], {});
    const server = await startOperations({
      port: ports[PORT_NAME] ?? 0,
      version,
      instance,
      levels: this.logs.levels,
      metrics: this.metrics.registry,
      failedChecks: () => network.failedChecks(),
    });
    closers.add(() => server.close());
    return server;
  }

  [Symbol.dispose](): void {
    process.off('uncaughtExceptionMonitor', this.#onCrash);
    this.#file[Symbol.dispose]();
  }
}
