/** What a management node is started with. */
import { limits } from '@lamplighter/sdk/wire';
import { rsaSecretKey } from '../exchange/rsa.ts';
import { ExchangeError } from '../exchange/exchange-error.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Clock } from './clock.ts';
import type { SocketLimits } from './device-socket.ts';
import type { EventListener } from './events.ts';
import type { HalfOpenOptions } from './half-open.ts';
import type { IntervalPolicy } from './intervals.ts';
import type { RandomSource } from './random.ts';
import type { StorageOption } from './storage/node-storage.ts';

/** Hears what the node does, for its log; pino's loggers fit. */
export interface NodeLogger {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

/** Secrets of a node, 32 bytes each unless said otherwise. Their public parts stand on the ledger. */
export interface ManagementKeys {
  /** Ed25519 seed of PU_j: faces devices and vendors. */
  readonly signature: Uint8Array;
  /** Secret of the `sealingKey`: X25519, or RSA of 3072 bits and more as PKCS #8 in DER. */
  readonly sealing: Uint8Array;
  /** Every chain of lightweight devices comes from it (protocol §3.3). */
  readonly chainMaster: Uint8Array;
  /** Every tree comes from it (protocol §3.3, mauth 3). Without it lightweight devices are shown chains only. */
  readonly treeMaster?: Uint8Array;
}

/** How the firmware is shown (protocol §6.2). */
export type MonitoringMode = 'proof' | 'full';

/** Options of {@link ManagementNode.start}. */
export interface ManagementNodeOptions {
  /** Id on the ledger. */
  readonly id: string;
  /** Organisation whose client this node is. */
  readonly mspId: string;
  /** For the image cache, and the state when it is on the disk. */
  readonly directory: string;
  /** Devices, counters, reports and checkpoint. @default in memory */
  readonly storage?: StorageOption;
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** The caller's, who closes it after the node. */
  readonly ledger: Ledger;
  readonly keys: ManagementKeys;
  /** @default by each device's strength, the protocol's 3600, 600 and 86400 s for the strong ones */
  readonly intervals?: IntervalPolicy;
  /**
   * How devices show their firmware (protocol §6.2): by a hash over it and a fresh number, or by sending all of it, too. @default 'proof'
   */
  readonly mode?: MonitoringMode;
  readonly socketLimits?: Partial<SocketLimits>;
  /** Raise `perAddress` where many devices share one address. */
  readonly halfOpen?: HalfOpenOptions;
  /** Web pages that may dial, as browsers name them in `Origin`. @default none */
  readonly origins?: readonly string[];
  /** Values of a lightweight device's chain, one a session (protocol §3.3): 64 to 65536. @default 4_096 */
  readonly chainLength?: number;
  /** Of both levels of the node's tree, 0x0a to 0x0d (protocol §3.3); each step has 32 times the leaves on a level. @default 0x0b */
  readonly lmsType?: number;
  /** Sessions that may be resumed in a row, 0 to 16, and the seconds a ticket lives (protocol §3.5). @default 16, a day */
  readonly resumption?: { readonly inARow?: number; readonly seconds?: number };
  /** Bytes of images kept on disk. @default 1_073_741_824 */
  readonly imageBytes?: number;
  /** Devices that deliveries are sent to at a time. @default 32 */
  readonly deliveries?: number;
  readonly clock?: Clock;
  readonly random?: RandomSource;
  /** Closes the node when aborted. */
  readonly signal?: AbortSignal;
  readonly logger?: NodeLogger;
  /** Hears events from the very start. */
  readonly onEvent?: EventListener;
}

/** @throws RangeError for keys or chains of a wrong length, or a ledger identity of another organisation */
export function checkOptions(options: ManagementNodeOptions): void {
  const { keys, ledger, mspId, chainLength = limits.CHAIN_LENGTH } = options;
  for (const [name, key] of Object.entries(keys) as [string, Uint8Array][]) {
    if (key.length === 32) continue;
    if (name === 'sealing' && isRsaSecret(key)) continue;
    throw new RangeError(`expected keys.${name} of 32 bytes, got ${key.length}`);
  }
  const { CHAIN_LENGTH_LEAST: least, CHAIN_LENGTH_MOST: most } = limits;
  if (!Number.isSafeInteger(chainLength) || chainLength < least || chainLength > most) {
    throw new RangeError(`expected a chain of ${least}..${most} values, got ${chainLength}`);
  }
  if (ledger.mspId !== mspId) {
    throw new RangeError(`expected a ledger identity of ${mspId}, got one of ${ledger.mspId}`);
  }
}

function isRsaSecret(der: Uint8Array): boolean {
  try {
    rsaSecretKey(der);
    return true;
  } catch (error) {
    if (error instanceof ExchangeError) return false;
    throw error;
  }
}
