/** What an embedded network is started with, and its defaults. */
import { isIP } from 'node:net';

import { EmbeddedError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { SILENT, type NetworkLogger } from '../network-logger.ts';
import { UNWATCHED, type NetworkObserver } from './observer.ts';
import { BYZANTINE_MODES, type ByzantineMode } from './byzantine-modes.ts';
import { VALIDATION_PLUGIN, VALIDATION_PLUGINS } from './peer/definitions.ts';
import { assertOrganisations, type OrganisationDescription } from '../membership/description.ts';
import type { Ports } from '../membership/ports.ts';

export interface ChaincodeDescription {
  readonly name: string;
  readonly version: string;
  /** One more than the ledger's to replace the definition; a lower one leaves it as members have made it. */
  readonly sequence: number;
  /** `label:hash`, as the chaincode server registers; approved by every organisation that has not approved another one. */
  readonly packageId: string;
  /** `host:port` of the chaincode server, which may come up later. */
  readonly address: string;
  /**
   * Serialised common.ApplicationPolicy.
   *
   * @default a reference to /Channel/Application/Endorsement: a majority of the organisations
   */
  readonly endorsementPolicy?: Uint8Array;
  /**
   * `lamplighter-stake`: the stake table in the chaincode's own state decides in the policy's place.
   *
   * @default 'vscc': the policy decides
   */
  readonly validationPlugin?: string;
}

export interface BatchDescription {
  /** Envelopes in a block. @default 100 */
  readonly maxMessageCount?: number;
  /** Bytes of a block's envelopes, unless a single one is larger. @default 2_097_152 */
  readonly preferredMaxBytes?: number;
  /** Milliseconds from a block's first envelope to its cut, at most: on a quiet network it is cut after 3. @default 50 */
  readonly timeoutMs?: number;
}

export interface EmbeddedNetworkOptions {
  /** Everything the network keeps is below; made when missing. */
  readonly directory: string;
  /** @default 'city' */
  readonly channel?: string;
  readonly organisations: readonly OrganisationDescription[];
  readonly chaincodes: readonly ChaincodeDescription[];
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string;
  /** Ports by MSP id, and `orderer`. @default free ones at the first start, the same ones later */
  readonly ports?: Ports;
  readonly batch?: BatchDescription;
  /** Milliseconds for one execution of a chaincode. @default 30_000 */
  readonly executionTimeoutMs?: number;
  /** false: each peer verifies every signature itself, as separate processes would. @default true */
  readonly shareVerdicts?: boolean;
  /** @default none */
  readonly logger?: NetworkLogger;
  /** Watches the network at work, for metrics. @default none */
  readonly observer?: NetworkObserver;
  /** @default the system clock */
  readonly clock?: () => Date;
  /** Organisations whose peers misbehave, by MSP id: for tests and demonstrations. @default none */
  readonly byzantine?: Readonly<Record<string, ByzantineMode>>;
}

type Complete = Required<Omit<EmbeddedNetworkOptions, 'batch'>> & {
  readonly batch: Required<BatchDescription>;
};

function invalid(message: string): EmbeddedError {
  return new EmbeddedError('OPTIONS_INVALID', message);
}

function assertByzantine({ byzantine, organisations }: Complete): void {
  const known = organisations.map(({ mspId }) => mspId);
  for (const [mspId, mode] of Object.entries(byzantine)) {
    if (!known.includes(mspId) || !BYZANTINE_MODES.includes(mode)) {
      throw invalid(
        `"byzantine" expected one of ${known.join(', ')} and one of ${BYZANTINE_MODES.join(', ')}, got ${mspId} and ${mode}`,
      );
    }
  }
}

function assertChaincode({
  name,
  version,
  sequence,
  address,
  validationPlugin = VALIDATION_PLUGIN,
}: ChaincodeDescription): void {
  if (!/^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$/.test(name) || version === '') {
    throw invalid(
      `"chaincodes" expected names of letters and digits and a version, got ${JSON.stringify(name)}`,
    );
  }
  if (!Number.isSafeInteger(sequence) || sequence < 1) {
    throw invalid(`"sequence" of ${name} expected an integer from 1, got ${sequence}`);
  }
  if (!/^[^\s/]+:\d{1,5}$/.test(address)) {
    throw invalid(`"address" of ${name} expected host:port, got ${JSON.stringify(address)}`);
  }
  if (!VALIDATION_PLUGINS.includes(validationPlugin)) {
    throw invalid(
      `"validationPlugin" of ${name} expected ${VALIDATION_PLUGINS.join(' or ')}, got ${JSON.stringify(validationPlugin)}`,
    );
  }
}

function assertBatch(batch: Required<BatchDescription>): void {
  for (const [name, value] of Object.entries(batch)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw invalid(`"batch.${name}" expected a positive integer, got ${value}`);
    }
  }
  if (batch.preferredMaxBytes > LIMITS.blockBytes / 2) {
    throw invalid(
      `"batch.preferredMaxBytes" expected up to ${LIMITS.blockBytes / 2}, got ${batch.preferredMaxBytes}`,
    );
  }
  if (batch.maxMessageCount > LIMITS.pendingEnvelopes) {
    throw invalid(
      `"batch.maxMessageCount" expected up to ${LIMITS.pendingEnvelopes}, got ${batch.maxMessageCount}`,
    );
  }
}

/**
 * Fills in the defaults.
 *
 * @throws {@link EmbeddedError}, MembershipError OPTIONS_INVALID
 */
export function completeOptions(options: EmbeddedNetworkOptions): Complete {
  const complete: Complete = {
    channel: 'city',
    host: '127.0.0.1',
    ports: {},
    executionTimeoutMs: LIMITS.executionTimeoutMs,
    shareVerdicts: true,
    logger: SILENT,
    observer: UNWATCHED,
    clock: () => new Date(),
    byzantine: {},
    ...options,
    batch: { maxMessageCount: 100, preferredMaxBytes: 2_097_152, timeoutMs: 50, ...options.batch },
  };
  if (!/^[a-z][a-z0-9.-]{0,248}$/.test(complete.channel)) {
    throw invalid(
      `"channel" expected lower-case letters, digits, dots and dashes, got ${JSON.stringify(complete.channel)}`,
    );
  }
  if (isIP(complete.host) === 0 && complete.host !== 'localhost') {
    throw invalid(
      `"host" expected an IP address or localhost, got ${JSON.stringify(complete.host)}`,
    );
  }
  assertOrganisations(complete.organisations);
  complete.chaincodes.forEach(assertChaincode);
  assertBatch(complete.batch);
  assertByzantine(complete);
  return complete;
}

export type { Complete as CompleteOptions };
