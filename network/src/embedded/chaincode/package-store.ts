/**
 * The chaincode packages of one peer, on disk as they were sent, one file each: `label.hash.tar.gz`. A file appears whole or not at
 * all; one whose content is not what its name says does not count as installed, and the next install of that package replaces it.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { EmbeddedError, messageOf } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { NetworkLogger } from '../../network-logger.ts';
import { readPackage, type ChaincodeConnection, type ChaincodePackage } from './package-archive.ts';

const ENDING = '.tar.gz';
const DRAFT = '.draft';

/** A chaincode that the network's own options provide: it has an address, and no package. */
export interface ProvidedChaincode {
  readonly packageId: string;
  readonly address: string;
}

export interface PackageStoreOptions {
  /** Made when missing. */
  readonly directory: string;
  readonly provided: readonly ProvidedChaincode[];
  readonly logger: NetworkLogger;
}

function fileName(packageId: string): string {
  return `${packageId.replace(':', '.')}${ENDING}`;
}

export class PackageStore {
  readonly #directory: string;
  readonly #provided: ReadonlyMap<string, ChaincodePackage>;
  readonly #installed: Map<string, ChaincodePackage>;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    { directory, provided }: PackageStoreOptions,
    installed: Map<string, ChaincodePackage>,
  ) {
    this.#directory = directory;
    this.#installed = installed;
    this.#provided = new Map(
      provided.map(({ packageId, address }) => [
        packageId,
        {
          packageId,
          label: packageId.split(':', 1)[0] ?? '',
          connection: { address, dialTimeoutMs: LIMITS.dialTimeoutMs },
        },
      ]),
    );
  }

  static async open(options: PackageStoreOptions): Promise<PackageStore> {
    const { directory, logger } = options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const installed = new Map<string, ChaincodePackage>();
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      if (name.endsWith(DRAFT)) {
        await rm(path, { force: true });
      } else if (name.endsWith(ENDING)) {
        const found = await readInstalled(path, name, logger);
        if (found) {
          installed.set(found.packageId, found);
        }
      }
    }
    return new PackageStore(options, installed);
  }

  /** All that can be approved, by package id. */
  list(): readonly ChaincodePackage[] {
    const all = new Map([...this.#provided, ...this.#installed]);
    return [...all.values()].sort((left, right) => (left.packageId < right.packageId ? -1 : 1));
  }

  find(packageId: string): ChaincodePackage | undefined {
    return this.#installed.get(packageId) ?? this.#provided.get(packageId);
  }

  /** Options win over a package: they say where the server listens in this run. */
  connection(packageId: string): ChaincodeConnection | undefined {
    return (this.#provided.get(packageId) ?? this.#installed.get(packageId))?.connection;
  }

  /**
   * Keeps a package.
   *
   * @throws {@link EmbeddedError} MESSAGE_MALFORMED, NOT_SERVED, BUSY when there are too many, STORAGE_FAILED
   */
  install(bytes: Uint8Array): Promise<ChaincodePackage> {
    const next = this.#last.then(() => this.#install(bytes));
    this.#last = next.catch(() => undefined);
    return next;
  }

  /** The package's own bytes. @throws {@link EmbeddedError} NOT_FOUND, STORAGE_FAILED */
  async read(packageId: string): Promise<Uint8Array> {
    if (!this.#installed.has(packageId)) {
      throw new EmbeddedError(
        'NOT_FOUND',
        this.#provided.has(packageId)
          ? `chaincode ${packageId} is provided by the options of the network, not by a package`
          : `chaincode install package '${packageId.slice(0, 200)}' not found`,
      );
    }
    return readFile(join(this.#directory, fileName(packageId))).catch((cause: unknown) => {
      throw new EmbeddedError('STORAGE_FAILED', `could not read the package: ${messageOf(cause)}`, {
        cause,
      });
    });
  }

  /** Waits for an install that is being written. */
  async close(): Promise<void> {
    await this.#last;
  }

  async #install(bytes: Uint8Array): Promise<ChaincodePackage> {
    const found = readPackage(bytes);
    if (this.#installed.has(found.packageId)) {
      throw new EmbeddedError(
        'MESSAGE_MALFORMED',
        `chaincode already successfully installed (package ID '${found.packageId}')`,
      );
    }
    if (this.#installed.size >= LIMITS.packages) {
      throw new EmbeddedError(
        'BUSY',
        `expected up to ${LIMITS.packages} chaincode packages on a peer, got one more`,
      );
    }
    await this.#write(fileName(found.packageId), bytes);
    this.#installed.set(found.packageId, found);
    return found;
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    const draft = join(this.#directory, `${randomBytes(6).toString('hex')}${DRAFT}`);
    try {
      const file = await open(draft, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, join(this.#directory, name));
    } catch (cause) {
      await rm(draft, { force: true });
      throw new EmbeddedError(
        'STORAGE_FAILED',
        `could not save cc install package: ${messageOf(cause)}`,
        { cause },
      );
    }
  }
}

async function readInstalled(
  path: string,
  name: string,
  logger: NetworkLogger,
): Promise<ChaincodePackage | undefined> {
  try {
    const found = readPackage(await readFile(path));
    if (fileName(found.packageId) === name) {
      return found;
    }
    logger.warn({ name }, 'a chaincode package is damaged: install it again');
  } catch (cause) {
    logger.warn(
      { name, reason: messageOf(cause) },
      'a chaincode package is damaged: install it again',
    );
  }
  return undefined;
}
