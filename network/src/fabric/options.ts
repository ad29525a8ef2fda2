/** What a network of Fabric's own programs is started with, and its defaults. */
import { isIP } from 'node:net';

import { assertOrganisations, type OrganisationDescription } from '../membership/description.ts';
import { SILENT, type NetworkLogger } from '../network-logger.ts';
import type { FabricBinaries } from './binaries.ts';
import type { Batch } from './configtx.ts';
import { FabricError } from './errors.ts';

/** Who decides whether a transaction is endorsed well enough. */
export type Validation =
  | {
      /** The plugin `lamplighter-stake` in every peer. */
      readonly kind: 'plugin';
      /** Absolute path of the shared object. */
      readonly file: string;
    }
  | {
      /** A signature policy: the coalitions that reach the threshold. */
      readonly kind: 'coalitions';
      /**
       * As `peer lifecycle chaincode --signature-policy` takes it.
       *
       * @default the channel's majority of organisations
       */
      readonly policy?: string;
    };

/** What a chaincode server is told. */
export interface ChaincodeServerFacts {
  /** Full name, such as `lamplighter.northlight.example`. */
  readonly name: string;
  /** The organisation whose peer it serves. */
  readonly mspId: string;
  /** As it must register. */
  readonly packageId: string;
  /** `host:port` to serve on. */
  readonly address: string;
  /** Paths: its own certificate and key, and the CA whose certificates its peer shows. */
  readonly tls: { readonly certificate: string; readonly key: string; readonly clientRoot: string };
}

/** A chaincode server that somebody else runs and starts again. */
export interface ChaincodeServer extends AsyncDisposable {
  readonly processId?: number | undefined;
}

export interface FabricChaincode {
  readonly name: string;
  readonly version: string;
  /** One more than the ledger's to replace the definition; a lower one leaves it as members have made it. */
  readonly sequence: number;
  /** Of its packages, such as `lamplighter_0.1.0`. */
  readonly label: string;
  /** Folder of the contracts, as `fabric-chaincode-node --module-path` takes it. @default that of @lamplighter/chaincode */
  readonly modulePath?: string;
  /** Serves the contracts to one organisation's peer. @default a process of the folder's contracts, supervised here */
  readonly startServer?: (facts: ChaincodeServerFacts) => Promise<ChaincodeServer>;
}

export interface FabricNetworkOptions {
  /** Everything the network keeps is below; made when missing. */
  readonly directory: string;
  /** @default 'city' */
  readonly channel?: string;
  readonly organisations: readonly OrganisationDescription[];
  readonly chaincodes: readonly FabricChaincode[];
  readonly binaries: FabricBinaries;
  readonly validation: Validation;
  /** The first of each organisation, the rest of the city. @default 4 */
  readonly orderers?: number;
  /** Address of this machine. @default '127.0.0.1' */
  readonly host?: string;
  /** @default 500 transactions, 100 ms */
  readonly batch?: Partial<Batch>;
  /** @default none */
  readonly logger?: NetworkLogger;
  /** A node ended again and again, and is not started any more. @default nobody is told */
  readonly onGivenUp?: (error: FabricError) => void;
}

export type CompleteOptions = Required<Omit<FabricNetworkOptions, 'batch'>> & {
  readonly batch: Batch;
};

function invalid(message: string): FabricError {
  return new FabricError('OPTIONS_INVALID', message);
}

function assertChaincode({ name, version, sequence, label }: FabricChaincode): void {
  if (!/^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$/.test(name) || version === '') {
    throw invalid(
      `"chaincodes" expected names of letters and digits and a version, got ${JSON.stringify(name)}`,
    );
  }
  if (!Number.isSafeInteger(sequence) || sequence < 1) {
    throw invalid(`"sequence" of ${name} expected an integer from 1, got ${sequence}`);
  }
  if (!/^[A-Za-z0-9]+([.+_-][A-Za-z0-9]+)*$/.test(label)) {
    throw invalid(`"label" of ${name} expected letters, digits and . + _ -, got ${label}`);
  }
}

function assertCounts({ orderers, batch }: CompleteOptions): void {
  if (!Number.isSafeInteger(orderers) || orderers < 1 || orderers > 32) {
    throw invalid(`"orderers" expected an integer from 1 to 32, got ${orderers}`);
  }
  for (const [name, value] of Object.entries(batch)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw invalid(`"batch.${name}" expected a positive integer, got ${value}`);
    }
  }
}

/**
 * Fills in the defaults.
 *
 * @throws {@link FabricError}, MembershipError OPTIONS_INVALID
 */
export function completeOptions(options: FabricNetworkOptions): CompleteOptions {
  const complete: CompleteOptions = {
    channel: 'city',
    orderers: 4,
    host: '127.0.0.1',
    logger: SILENT,
    onGivenUp: () => undefined,
    ...options,
    batch: { maxMessageCount: 500, timeoutMs: 100, ...options.batch },
  };
  if (!/^[a-z][a-z0-9.-]{0,248}$/.test(complete.channel)) {
    throw invalid(
      `"channel" expected lower-case letters, digits, dots and dashes, got ${JSON.stringify(complete.channel)}`,
    );
  }
  if (isIP(complete.host) === 0) {
    throw invalid(`"host" expected an IP address, got ${JSON.stringify(complete.host)}`);
  }
  assertOrganisations(complete.organisations);
  complete.chaincodes.forEach(assertChaincode);
  assertCounts(complete);
  return complete;
}
