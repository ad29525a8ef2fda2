/** What a management node tells its operator: a typed stream of small facts, without secrets. */
import type { AbnormalReason, DeviceStatus } from '@lamplighter/chaincode';

/** Which of the paper's four protocols. */
export type ProtocolName = 'monitoring' | 'updateRequest' | 'lightweightMonitoring' | 'propagation';

/** One fact; `at` is the node's time, ISO 8601 UTC. */
export type ManagementEvent = { readonly at: string } & ManagementFact;

/** The facts, by `type`. */
export type ManagementFact =
  | { readonly type: 'listening'; readonly url: string }
  | { readonly type: 'device-added'; readonly device: string; readonly serial: number }
  | { readonly type: 'device-removed'; readonly device: string; readonly reason: string }
  | {
      /** A connected device was given the assignment that replaces its own; null when it did not answer. */
      readonly type: 'assignment-pushed';
      readonly device: string;
      /** Of protocol §8. */
      readonly code: number | null;
    }
  | {
      /** The vendor was asked for a new assignment: the chain of this one comes to its end (protocol §3.3). */
      readonly type: 'renewal-asked';
      readonly device: string;
      readonly serial: number;
    }
  | {
      /** A new tree is there: the node's registration on the ledger is to name it (protocol §3.3). */
      readonly type: 'tree-renewed';
      /** 52 bytes, hex. */
      readonly treeKey: string;
    }
  | { readonly type: 'device-connected'; readonly device: string; readonly remote: string }
  | { readonly type: 'device-disconnected'; readonly device: string; readonly closeCode: number }
  | {
      readonly type: 'connection-refused';
      readonly remote: string;
      /** Of protocol §8; the status of HTTP before there is a WebSocket; 0 when cut without an answer. */
      readonly closeCode: number;
      /** For the operator only; the peer sees the close code alone. */
      readonly reason: string;
    }
  | {
      /** In a flood most refusals are not told one by one: as many as these were not. */
      readonly type: 'connections-refused';
      readonly count: number;
      readonly reasons: Readonly<Record<string, number>>;
    }
  | {
      /** A verdict was reached; `reported` follows with the transaction. */
      readonly type: 'judged';
      readonly device: string;
      readonly protocol: ProtocolName;
      readonly n: number;
      readonly status: DeviceStatus;
      readonly reasons: readonly AbnormalReason[];
    }
  | {
      /** The round's verdict stands on the ledger. */
      readonly type: 'round-completed';
      readonly device: string;
      readonly protocol: ProtocolName;
      readonly n: number;
      readonly status: DeviceStatus;
      readonly transactionId: string;
    }
  | {
      readonly type: 'intervals-acknowledged';
      readonly device: string;
      readonly ivn: number;
      readonly fti: number;
      readonly rti: number;
      readonly uti: number;
    }
  | {
      /** Protocol 2 was answered. */
      readonly type: 'update-answered';
      readonly device: string;
      readonly answer: 'current' | 'no-release' | 'abnormal' | 'later' | 'offer';
      readonly release: string | null;
    }
  | {
      readonly type: 'update-offered';
      readonly device: string;
      readonly release: string;
      readonly protocol: ProtocolName;
    }
  | {
      /** The whole image was taken by the device. */
      readonly type: 'update-delivered';
      readonly device: string;
      readonly release: string;
      readonly protocol: ProtocolName;
    }
  | {
      /** The device's result stands on the ledger. */
      readonly type: 'update-recorded';
      readonly device: string;
      readonly release: string;
      readonly protocol: ProtocolName;
      readonly attempt: number;
      readonly code: number;
      readonly transactionId: string;
    }
  | { readonly type: 'release-accepted'; readonly release: string; readonly model: string }
  | {
      /** Not offered to anybody (`device` null), or not taken by one device. */
      readonly type: 'release-refused';
      readonly release: string;
      readonly device: string | null;
      /** A code of ours, or `DEVICE_CODE_<n>` of protocol §8. */
      readonly code: string;
      readonly reason: string;
    }
  | {
      /** A window passed without an answer; every third is `unreachable` on the ledger (protocol §6.2). */
      readonly type: 'device-overdue';
      readonly device: string;
      /** Windows in a row. */
      readonly missed: number;
    }
  | {
      /** The disk takes the node's state, or does not: then monitoring stands still until it does. */
      readonly type: 'storage';
      readonly state: 'ready' | 'full' | 'failed';
      /** Empty when ready. */
      readonly reason: string;
    }
  | {
      /** Something an operator should look at. */
      readonly type: 'alarm';
      readonly device: string | null;
      readonly code: string;
      readonly reason: string;
    };

/** Hears one fact; must not throw. */
export type EventListener = (event: ManagementEvent) => void;

/** Takes facts from the parts of the node. */
export interface EventSink {
  emit(fact: ManagementFact): void;
}
