/** What the measuring process asks of the others, and what they answer, over Node's IPC channel. */
import { readFileSync } from 'node:fs';

import type { LedgerIdentity, LedgerSettings } from '../../../network/src/ledger/index.ts';
import type { ConnectionProfile } from '../../../network/src/membership/connection-profile.ts';
import { CHAINCODE, CHANNEL, mspIdOf, NAMES } from './network-names.ts';

export const CLIENT_KINDS = ['ours', 'stock', 'gateway'] as const;
/** Our ledger client, fabric-network 2.2 as it is, fabric-gateway 1.11. */
export type ClientKind = (typeof CLIENT_KINDS)[number];

/** What a process holds after a collection, where it can be asked for one. */
export interface Memory {
  /** Resident and its own: pages of files that it has mapped, as LevelDB does, are the system's to take back. */
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
}

/** One closed loop: each of `concurrency` callers puts a new key, waits for its commit, and puts the next. */
export interface LoopOrder {
  readonly concurrency: number;
  /** No caller starts another one after that. */
  readonly seconds: number;
  /** Puts at most. */
  readonly most: number;
  /** Of the keys: no two loops may have the same. */
  readonly prefix: string;
}

export interface LoopResult {
  readonly committed: number;
  /** Texts of what failed, each once. */
  readonly failures: readonly string[];
  readonly failed: number;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** How a client gets to the network. */
export interface Connection {
  readonly settings: LedgerSettings;
  /** Of the peer that a gateway client talks to. */
  readonly peer: { readonly address: string; readonly tlsRootCertificate: string };
  readonly mspIds: readonly string[];
}

/** How clients get to a network of Fabric's own programs. */
export interface FabricConnections {
  readonly all: Connection;
  /** By the orderers that follow, which hold an envelope for half a second before they forward it. */
  readonly followers: Connection;
}

/** For clients of the first peer's organisation. */
export function connectionOf(profile: ConnectionProfile, identity: LedgerIdentity): Connection {
  const [peer] = Object.values(profile.peers);
  if (peer === undefined) throw new Error('the profile has no peer');
  return {
    settings: { profile, identity, channel: CHANNEL, chaincode: CHAINCODE },
    peer: {
      address: peer.url.replace(/^grpcs:\/\//, ''),
      tlsRootCertificate: peer.tlsCACerts.pem,
    },
    mspIds: NAMES.map(mspIdOf),
  };
}

export type Order =
  /** Processor time of all threads so far, milliseconds. */
  | { readonly kind: 'usage' }
  | { readonly kind: 'memory' }
  /** To the network: how clients get to it. */
  | { readonly kind: 'connection' }
  | { readonly kind: 'connect'; readonly client: ClientKind; readonly connection: Connection }
  | { readonly kind: 'loop'; readonly loop: LoopOrder }
  | { readonly kind: 'close' };

export interface Numbered<Content> {
  readonly id: number;
  readonly content: Content;
}

export type Answer = { readonly value: unknown } | { readonly error: string };

/** @returns milliseconds. Nothing is collected for it: that would count as a cost of what is measured. */
export function ownUsage(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function ownMemory(): Memory {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const residentBytes = anonymousBytes() ?? rss;
  return { residentBytes, heapBytes: heapUsed, externalBytes: external };
}

/** @returns undefined where the system does not tell */
function anonymousBytes(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const [, kibibytes] =
    /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1_024;
}

const OWN: Partial<Record<Order['kind'], () => unknown>> = { usage: ownUsage, memory: ownMemory };

/** Serves orders of the parent process until it is gone. */
export function serveOrders(perform: (order: Order) => unknown): void {
  process.on('disconnect', () => process.exit());
  process.on('message', ({ id, content }: Numbered<Order>) => {
    const answer = (value: Answer): void => {
      process.send?.({ id, content: value } satisfies Numbered<Answer>);
    };
    Promise.resolve()
      .then(() => OWN[content.kind]?.() ?? perform(content))
      .then(
        (value) => {
          answer({ value });
        },
        (error: unknown) => {
          answer({
            error: error instanceof Error ? (error.stack ?? error.message) : String(error),
          });
        },
      );
  });
}
