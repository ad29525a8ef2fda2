/** What a client was told, and how its process says so. */

/** Keys that one transaction writes. */
export const KEYS_EACH = 3;

export interface Journal {
  /** Transaction ids by the prefix of the keys that they write. */
  readonly sent: Map<string, string>;
  /** Ids of transactions that the client was told are committed. */
  readonly acknowledged: Set<string>;
}

/** Over IPC: before a transaction is sent, and once it is committed. */
export type LoadMessage =
  | { readonly kind: 'sent'; readonly prefix: string; readonly transactionId: string }
  | { readonly kind: 'acknowledged'; readonly transactionId: string };
