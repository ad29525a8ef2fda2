/** What the process of a killed management node and its parent, which holds the ledger, say to each other. */
import type { LedgerEvent } from '../../network/src/ledger/ledger.ts';
import type { ManagementEvent, ManagementNodeOptions } from '../../network/src/management/index.ts';

/** What the process is started with, besides the ledger. */
export interface ManagerOrder extends Pick<
  ManagementNodeOptions,
  'id' | 'mspId' | 'directory' | 'keys'
> {
  readonly port: number;
  readonly masterKey: Uint8Array;
  /** How much faster than the machine's the clock goes. */
  readonly speed: number;
}

/** Methods of the ledger that are called from afar. */
export type LedgerMethod = 'submit' | 'prepare' | 'send' | 'status' | 'evaluate' | 'chain';

export type FromManager =
  | { readonly kind: 'ready' }
  /** It did not start. */
  | { readonly kind: 'failed'; readonly code: string }
  | { readonly kind: 'event'; readonly event: ManagementEvent }
  | { readonly kind: 'listen'; readonly startBlock: number | undefined }
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly method: LedgerMethod;
      readonly args: readonly unknown[];
    };

export type ToManager =
  | { readonly kind: 'start'; readonly order: ManagerOrder }
  | { readonly kind: 'stop' }
  | { readonly kind: 'ledger-event'; readonly event: LedgerEvent }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | {
      readonly kind: 'failure';
      readonly id: number;
      readonly code: string;
      readonly message: string;
      readonly maybeOrdered: boolean;
    };
