/** Puts the node's listening side together: server, connections, and what they share. */
import type { AnchorService } from './anchors.ts';
import type { Clock } from './clock.ts';
import { DeviceConnection, type ConnectionHost, type ConnectionParts } from './connection.ts';
import { DeviceBudgets } from './device-budgets.ts';
import type { DeviceDatabase } from './device-database.ts';
import { defaultSocketLimits } from './device-socket.ts';
import type { EventSink } from './events.ts';
import { GatewayServer } from './gateway-server.ts';
import { newRequestHandler } from './http-requests.ts';
import type { ManagementNodeOptions } from './management-options.ts';
import type { Partings } from './partings.ts';
import type { RandomSource } from './random.ts';
import { RefusalEvents } from './refusal-events.ts';
import type { Renewals } from './renewals.ts';
import type { Supervisor } from './supervise.ts';
import { Tickets } from './tickets.ts';
import type { Trees } from './trees.ts';
import { DEVICE_PATH } from './upgrade-rules.ts';

/** What the listening side is made of. */
export interface DeviceGatewayParts {
  readonly options: ManagementNodeOptions;
  readonly database: DeviceDatabase;
  readonly partings: Partings;
  readonly host: ConnectionHost;
  readonly anchors: AnchorService;
  readonly renewals: Renewals;
  readonly trees: Trees | null;
  readonly events: EventSink;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/**
 * Listens for devices and vendors, and says so.
 *
 * @throws {@link ManagementError} ADDRESS_IN_USE
 */
export async function listenForDevices(parts: DeviceGatewayParts): Promise<GatewayServer> {
  const { options, clock, events } = parts;
  const refusals = new RefusalEvents(events, clock);
  const connections: ConnectionParts = {
    ...parts,
    events: refusals,
    budgets: new DeviceBudgets(clock),
    signatureKey: options.keys.signature,
    tickets: new Tickets({ ...parts, ...options.resumption }),
    halfOpen: new Map(),
  };
  const host = options.host ?? '127.0.0.1';
  const server = await GatewayServer.listen({
    host,
    port: options.port,
    clock,
    random: parts.random,
    socketLimits: { ...defaultSocketLimits, ...options.socketLimits },
    ...(options.halfOpen === undefined ? {} : { halfOpen: options.halfOpen }),
    ...(options.origins === undefined ? {} : { origins: options.origins }),
    onDevice: (socket, place) => {
      new DeviceConnection(connections, socket, place);
    },
    onRequest: newRequestHandler(parts.anchors),
    onRefused: (remote, closeCode, reason) => {
      refusals.emit({ type: 'connection-refused', remote, closeCode, reason });
    },
    onFault: (error) => {
      parts.supervisor.report(null, error);
    },
    onClosed: () => {
      refusals.flush();
    },
  });
  events.emit({ type: 'listening', url: `ws://${host}:${server.port}${DEVICE_PATH}` });
  return server;
}
