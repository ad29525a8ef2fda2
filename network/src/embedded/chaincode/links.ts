/** A peer's links to the chaincode servers of its packages, made when they are first needed. */
import { EmbeddedError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { NetworkLogger } from '../../network-logger.ts';
import { ChaincodeLink } from './link.ts';
import type { PackageStore } from './package-store.ts';

export interface ChaincodeLinksOptions {
  readonly packages: PackageStore;
  /** @default 30_000 */
  readonly executionTimeoutMs?: number;
  readonly logger: NetworkLogger;
}

/** As many as there are packages, which have a bound. */
export class ChaincodeLinks {
  readonly #options: ChaincodeLinksOptions;
  readonly #links = new Map<string, ChaincodeLink>();
  #closed = false;

  constructor(options: ChaincodeLinksOptions) {
    this.#options = options;
  }

  /**
   * @returns undefined when no such package is installed.
   * @throws {@link EmbeddedError} CLOSED
   */
  find(packageId: string): ChaincodeLink | undefined {
    if (this.#closed) {
      throw new EmbeddedError('CLOSED', 'the peer is closing');
    }
    const known = this.#links.get(packageId);
    if (known) {
      return known;
    }
    const { packages, logger, executionTimeoutMs = LIMITS.executionTimeoutMs } = this.#options;
    const connection = packages.connection(packageId);
    if (!connection) {
      return undefined;
    }
    const link = new ChaincodeLink({ packageId, ...connection, executionTimeoutMs, logger });
    this.#links.set(packageId, link);
    return link;
  }

  /** Whether {@link find} would find it. */
  has(packageId: string): boolean {
    return this.#options.packages.connection(packageId) !== undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#links.values()].map((link) => link.close()));
  }
}
